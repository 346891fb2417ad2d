"""Every workbook that is returned opens in LibreOffice, and saved there it still says what it said."""

import re
import subprocess
from datetime import datetime

import openpyxl
import pytest

from jiceng_pipeline.returns.datasets import datasets
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.installed import needed

_NUMBER = re.compile(r"[1-9]\d{16}[\dX]")


def cells(path):
    """Return sheet → its rows of cells as typed: texts, days and numbers; a cell with nothing in it is None."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [row for cells in sheet.iter_rows(values_only=True) if (row := trimmed(cells))]
        for sheet in book.worksheets
    }


def trimmed(row):
    row = [None if value == "" else value for value in row]
    while row and row[-1] is None:  # an office program may keep empty cells at the end, or none
        row.pop()
    return row


@pytest.fixture
def packages(synced_copy):
    """Return every dataset of the largest community that has rows, in full, as (name, path)."""
    served = publish.current(synced_copy)
    with connect(served.database, settings=synced_copy, read_only=True) as connection:
        ((community,),) = connection.execute(
            "select community_code from returned.resident_register group by all order by count(*) desc, 1 limit 1"
        ).fetchall()
    asked = {"actor": "operator", "community": community, "format": "xlsx", "profile": "full", "purpose": "入户走访"}
    made = {name: cut(synced_copy, dataset=name, **asked) for name in datasets(synced_copy)}
    return {name: each.path for name, each in made.items() if each.rows}


def test_saved_in_an_office_program_nothing_has_changed(packages, tmp_path):
    office = needed("soffice", "libreoffice-calc")
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "saved"), *map(str, packages.values())],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    seen = []
    for name, path in packages.items():
        before, after = cells(path), cells(tmp_path / "saved" / path.name)
        assert before == after, name
        seen += [value for sheet in after.values() for row in sheet for value in row]
    assert len(packages) > 3
    # and it said something worth keeping: numbers that are texts, days that are days
    assert any(isinstance(value, str) and _NUMBER.fullmatch(value) for value in seen)
    assert any(isinstance(value, datetime) for value in seen)
