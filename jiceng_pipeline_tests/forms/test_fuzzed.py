"""Whatever was done to a workbook, every cell of it is accepted, or rejected with a message."""

import shutil
import subprocess
from datetime import datetime

from hypothesis import HealthCheck, given, settings

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import readback
from jiceng_pipeline_tests.forms.fuzzing import SPOILINGS, outcome, spoil
from jiceng_pipeline_tests.forms.sheets import FIRST, opened
from jiceng_pipeline_tests.installed import needed


@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(operations=SPOILINGS)
def test_no_cell_is_lost_whatever_was_done(handed_out, tmp_path_factory, operations):
    home, _, source = handed_out
    path = tmp_path_factory.mktemp("spoiled") / "form.xlsx"
    spoil(source, path, operations)
    told, lost = outcome(home, path)
    assert lost == []
    if isinstance(told, UsageError):
        assert told.what and told.cure
        assert any(name in {"half saved", "rename"} for name, *_ in operations)
    else:
        assert sum(told.counts.values()) == len(told.cells)
        assert all(cell.words for cell in told.told)


def test_a_workbook_that_was_saved_by_another_program_says_the_same(sent, tmp_path):
    office = needed("soffice", "libreoffice-calc")
    home, _, path = sent
    with opened(path) as (sheet, at):
        sheet.cell(FIRST, at["实际独居"]).value = "是"
        sheet.cell(FIRST + 1, at["最近走访日期"]).value = "2026-11-20"
    before = readback.read(home, "operator", path, try_only=True)
    subprocess.run(
        [office, f"-env:UserInstallation={tmp_path.as_uri()}/profile", "--headless", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "again"), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    after = readback.read(home, "operator", tmp_path / "again" / path.name, try_only=True)
    assert before.counts["accepted"] == 2
    assert after.counts == before.counts


def test_days_and_amounts_written_in_another_way_say_the_same(listed, made, community, tmp_path):
    for form in ("elderly_check_up", "pension_recipient_verification", "subsistence_review"):
        path = tmp_path / f"{form}.xlsx"
        shutil.copy(made[form][community].path, path)
        before = readback.read(listed, "operator", path, try_only=True)
        with opened(path) as (sheet, _):
            for cell in (each for row in sheet.iter_rows(min_row=FIRST, min_col=3) for each in row):
                if isinstance(cell.value, datetime):
                    cell.value = f"{cell.value.year}/{cell.value.month}/{cell.value.day}"
                elif isinstance(cell.value, int | float):
                    cell.value = f"{cell.value:.2f}"
        after = readback.read(listed, "operator", path, try_only=True)
        assert before.counts["unchanged"] > 10
        assert after.counts == before.counts, form
