"""The hidden sheet says which row is whom, and shows whether it or a cell was changed."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import sheet_key
from jiceng_pipeline.forms.sheet_key import Hasher, KeyColumn, KeyRow, SheetKey, text_of


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def key(settings):
    hashed = Hasher(settings).cell("ab12", "name", "王芳")
    return SheetKey(
        form="trial", form_version=2, community="320613005001", version="v1", as_of="2026-11-28",
        made_date="2026-11-29", actor="李四", receipt="", header_rows=4, key_column=0, verdict_column=9,
        columns=(KeyColumn("name", "姓名", 2, "held"),), rows=(KeyRow("ab12", "表", 4, "k", (hashed,)),),
    )  # fmt: skip


def test_what_is_written_is_read_whatever_a_spreadsheet_puts_around_it(settings):
    cells = [[*line, None, ""] for line in sheet_key.lines(key(settings), settings)]
    assert sheet_key.read([*cells, [None, None]], settings, "f.xlsx") == key(settings)


def test_no_value_of_a_person_is_in_it(settings):
    said = str(list(sheet_key.lines(key(settings), settings)))
    assert "王芳" not in said


@pytest.mark.parametrize("line", range(14))
def test_any_line_that_was_changed_is_seen(settings, line):
    cells = [list(each) for each in sheet_key.lines(key(settings), settings)]
    cells[line][-1] += "1"
    with pytest.raises(UsageError, match="重新下载"):
        sheet_key.read(cells, settings, "f.xlsx")


def test_a_key_of_another_instance_is_refused(settings, tmp_path):
    cells = list(sheet_key.lines(key(settings), settings))
    with pytest.raises(UsageError, match="别的系统"):
        sheet_key.read(cells, Settings(home=tmp_path / "other"), "f.xlsx")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (date(2026, 1, 2), datetime(2026, 1, 2)),
        (Decimal("730.00"), 730.0),
        (3, 3.0),
        (True, "是"),
        (None, ""),
        ("王芳", " 王芳 "),
    ],
)
def test_a_cell_reads_alike_from_the_database_and_from_a_workbook(ours, theirs):
    assert text_of(ours) == text_of(theirs)
