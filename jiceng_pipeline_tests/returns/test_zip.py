"""The archive for other programs, and packages that hold only what changed."""

import csv
import io
import json
import zipfile

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import changes, grants
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.warehouse.connection import connect

from .conftest import HERE, RESIDENT, row, served_rows

ASK = {"actor": "operator", "community": HERE, "dataset": "resident_register", "format": "zip"}


def table(archive, name):
    return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))


def test_the_archive_describes_itself(served):
    made = cut(served, **ASK, profile="full", purpose="交给县里的系统")
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("datapackage.json"))
        data, dictionary, codes = (table(archive, f"{n}.csv") for n in ("data", "data_dictionary", "code_lists"))
    (resource,) = told["resources"]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert list(fields) == list(data[0])
    assert (resource["rows"], len(data)) == (1, 1)
    assert (told["version"], told["receipt"]) == (made.version, made.receipt)
    assert {fields[name]["type"] for name in ("birth_date", "subsistence_monthly_cny", "has_diabetes", "phone")} == {
        "date", "number", "boolean", "string",
    }  # fmt: skip
    assert (data[0]["birth_date"], data[0]["has_diabetes"], data[0]["sex_code"]) == ("1950-01-01", "false", "1")
    assert {each["column"] for each in dictionary} <= set(fields)
    assert {"code_set": "sex", "代码": "1", "名称": "男性"} in codes


def test_masked_columns_have_the_type_of_what_is_shown(served):
    with zipfile.ZipFile(cut(served, **ASK).path) as archive:
        told = json.loads(archive.read("datapackage.json"))
        (data,) = table(archive, "data.csv")
    types = {field["name"]: field["type"] for field in told["resources"][0]["schema"]["fields"]}
    assert (types["birth_date"], data["birth_date"], data["has_diabetes"]) == ("integer", "1950", "")


def test_a_formula_stays_text(settings):
    served_rows(settings, resident_register=[row(RESIDENT, name="=cmd|'/c calc'!A0")])
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    with zipfile.ZipFile(cut(settings, **ASK, profile="full", purpose="试").path) as archive:
        assert table(archive, "data.csv")[0]["name"].startswith("'=")


@pytest.fixture
def changed(settings):
    """Serve two versions: r1 stays, r2 gets another phone, r4 comes."""
    people = [row(RESIDENT, resident_id=f"r{n}") for n in (1, 2, 3)]
    served_rows(settings, resident_register=people)
    people = [people[0], {**people[1], "phone": "13900001111"}, row(RESIDENT, resident_id="r4")]
    served_rows(settings, "second", lambda connection: changes.build(connection, settings), resident_register=people)
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    return settings


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx", "zip"])
def test_only_rows_that_changed_are_given_where_asked(changed, format):
    made = cut(changed, **{**ASK, "format": format}, only_changes=True)
    assert made.rows == 2
    assert "只有变化" in made.path.name
    if format == "parquet":
        with connect() as connection:
            rows = connection.execute(f"select resident_id from '{made.path}' order by 1").fetchall()
        assert rows == [("r2",), ("r4",)]
    assert cut(changed, **{**ASK, "format": format}).rows == 3


def test_what_is_not_compared_cannot_be_had_so(served):
    with pytest.raises(UsageError, match="只取变化"):
        cut(served, **{**ASK, "dataset": "to_verify"}, only_changes=True)
