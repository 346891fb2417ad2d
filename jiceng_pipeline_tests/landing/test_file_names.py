"""Files whose names are bytes in GB18030, as programs for Windows leave them: read like any other."""

import os

import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline_tests.landing.believing import on
from jiceng_pipeline_tests.landing.drifting import COLUMNS, people, standard_of
from jiceng_pipeline_tests.landing.trial import FIELDS

FILES = ("csv", "xlsx", "jsonl", "xml")


def rename(path, codec="gb18030"):
    """Give the file the same name in the bytes of another encoding."""
    path.rename(path.with_name(os.fsdecode(path.name.encode(codec))))


@on(*FILES)
def test_the_name_changes_its_encoding_and_nothing_else_does(held):
    held.write(COLUMNS, people()[1:])
    rename(held.path)
    assert (found := held.pull()).status == "landed", found.error
    assert held.standard() == (standard_of(people()[1:]), [])
    (file,) = set(pq.read_table(snapshot.in_force(held.settings, held.contract).rows)["_file"].to_pylist())
    assert file.startswith(held.file)


@on(*FILES)
def test_what_is_wrong_in_it_is_told_by_its_name(held):
    held.write(("工号", *COLUMNS[1:]), people())
    rename(held.path)
    found = held.pull()
    assert (found.status, found.error["kind"]) == ("failed", "SourceRejected")
    assert found.error["where"].startswith(held.file)


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_the_newest_is_the_one_whose_name_sorts_last_as_people_read_it(register, tmp_path, codec):
    connector = {"kind": "delimited", "options": {"files": "通州*.csv"}}
    contract = Contract.model_validate({**FIELDS, "connector": connector})
    register.connect(folder=str(tmp_path / "drop"))
    (tmp_path / "drop").mkdir()
    for month, encoding in {"04": codec, "05": "utf-8" if codec == "gb18030" else "gb18030"}.items():
        path = tmp_path / "drop" / f"通州2026{month}01.csv"
        path.write_text(f"姓名,证号,编号\n王小二,1,{month}\n", "utf-8")
        rename(path, encoding)
    assert register.pull(contract).status == "landed"
    assert [row["编号"] for row in register.landed()] == ["05"]


@pytest.mark.parametrize(
    ("older", "newer"), [("2026年9月", "2026年10月"), ("2026-4-30", "2026-5-1"), ("20260930", "20261001"), ("1", "12")]
)
def test_the_newest_is_the_one_of_the_later_month_also_where_it_is_written_without_a_zero(
    register, tmp_path, older, newer
):
    connector = {"kind": "delimited", "options": {"files": "名册*.csv"}}
    contract = Contract.model_validate({**FIELDS, "connector": connector})
    register.connect(folder=str(tmp_path / "drop"))
    (tmp_path / "drop").mkdir()
    for period in (newer, older):
        (tmp_path / "drop" / f"名册{period}.csv").write_text(f"姓名,证号,编号\n王小二,1,{period}\n", "utf-8")
    assert register.pull(contract).status == "landed"
    assert [row["编号"] for row in register.landed()] == [newer]


@pytest.mark.parametrize("header", ["姓名,证号,编号", "姓名,证号,工号"])
def test_a_name_in_no_encoding_at_all_stops_nothing(register, tmp_path, header):
    contract = Contract.model_validate({**FIELDS, "connector": {"kind": "delimited", "options": {"files": "*.csv"}}})
    register.connect(folder=str(tmp_path / "drop"))
    (tmp_path / "drop").mkdir()
    path = tmp_path / "drop" / "a.csv"
    path.write_text(f"{header}\n王小二,1,A\n", "utf-8")
    path.rename(path.with_name(os.fsdecode(b"\xff\xff.csv")))
    found = register.pull(contract)
    assert found == outcome.latest(register.settings, contract)
    assert found.status == ("landed" if "编号" in header else "failed")
    assert found.error is None or found.error["where"] == "\ufffd\ufffd.csv 第 1 行"
