"""Deliveries of the wrong place or the wrong time: refused, with a word on what to do."""

import pytest

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline_tests.landing.trial import FIELDS

COLUMNS = ("姓名", "证号", "编号", "社区")
HERE, NEXT_STREET, ELSEWHERE = "虹桥社区", "狼山村", "320612001001"


def contract(**expect):
    return Contract.model_validate(
        {
            **FIELDS,
            "jurisdiction": "320613",
            "columns": {**FIELDS["columns"], "社区": "community_code"},
            "expect": expect,
        }
    )


def hold(register, *communities):
    register.hold(*(("王", str(n), "A", place) for n, place in enumerate(communities)), columns=COLUMNS)


def refused(register, found):
    """Assert that the pull failed and the last good snapshot stays; return the error."""
    assert (found.status, found.error["kind"]) == ("failed", "SourceRejected"), found.error
    assert found.error["cure"]
    taken = snapshot.in_force(register.settings, contract())
    assert found.snapshot == (taken.name if taken else None)
    return found.error["what"]


@pytest.mark.parametrize(
    ("communities", "words"),
    [
        ([ELSEWHERE] * 3, "填了 3 行，只有 0 行在崇川区（320613），3 行在别处，0 行不认识"),
        (["无此社区"] * 3 + [HERE], "填了 4 行，只有 1 行在崇川区（320613），0 行在别处，3 行不认识"),
        ([HERE, ELSEWHERE, "无此社区", None, " "], "填了 3 行，只有 1 行"),
    ],
)
def test_a_delivery_of_another_place_is_refused(register, communities, words):
    asked = contract(within={"column": "社区"})
    hold(register, *[HERE] * 5)
    assert register.pull(asked).status == "landed"
    hold(register, *communities)
    assert words in refused(register, register.pull(asked))
    assert register.pull(contract()).status == "landed"


@pytest.mark.parametrize("communities", [[HERE, ELSEWHERE], [HERE, None, ""], [None, None], [HERE, "无此社区"]])
def test_what_lies_mostly_there_is_believed(register, communities):
    hold(register, *communities)
    found = register.pull(contract(within={"column": "社区"}))
    assert found.status == "landed", found.error


def test_the_declared_share_and_division_count(register, synonyms):
    street, other = synonyms
    hold(register, *[street] * 8, *[other] * 2)
    ten_per_cent = {"column": "社区", "division": street[:9], "elsewhere": 0.1}
    assert "只有 8 行在" in refused(register, register.pull(contract(within=ten_per_cent)))
    assert register.pull(contract(within={**ten_per_cent, "elsewhere": 0.2})).status == "landed"
    hold(register, *[other] * 10)
    assert "只有 0 行在" in refused(register, register.pull(contract(within={**ten_per_cent, "elsewhere": 0.2})))


@pytest.fixture
def synonyms(register):
    """Return the codes of two communities of one county that lie in two streets."""
    text = (register.settings.reference / "divisions.csv").read_text("utf-8")
    rows = [line.split(",") for line in text.splitlines()]
    streets = {code[:9]: code for code, _, level, _ in rows if level == "village" and code.startswith("320613")}
    first, second, *_ = streets.values()
    return first, second


@pytest.fixture
def roll(register, tmp_path, monkeypatch):
    """Return a function that puts a file into the drop folder and pulls by the newest name."""
    monkeypatch.setenv("JICENG_NOW", "2026-05-20T20:00:00+08:00")
    folder = tmp_path / "drop"
    folder.mkdir()
    register.connect(folder=str(folder))
    asked = Contract.model_validate(
        {
            **FIELDS,
            "connector": {"kind": "delimited", "options": {"files": "*.csv"}},
            "expect": {"period": {"told_by": "file_name"}},
        }
    )

    def put(name, rows=1):
        for path in folder.iterdir():
            path.unlink()
        text = "姓名,证号,编号\n" + "".join(f"王,{row},A\n" for row in range(rows))
        (folder / name).write_text(text, "utf-8")
        return register.pull(asked)

    return put


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("津贴_202605.csv", "2026-05-01"),
        ("津贴_20260520.csv", "2026-05-20"),
        ("津贴2026年05月.csv", "2026-05-01"),
        ("津贴-2026-05-19(终稿).csv", "2026-05-19"),
        ("津贴_20260520093000.csv", "2026-05-20"),
    ],
)
def test_the_day_in_a_file_name_is_noted(roll, name, day):
    found = roll(name)
    assert (found.status, found.notes.get("period")) == ("landed", day), found.error


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("津贴_202606.csv", "数据日期还没到：文件名说是 2026-06-01，今天是 2026-05-20"),
        ("津贴_20260521.csv", "数据日期还没到"),
        ("津贴_202603.csv", "送来的是旧的：文件名说是 2026-03-01，现用的是 2026-04-01"),
        ("津贴.csv", "看不出这份数据是哪一天、哪个月的（文件名）"),
        ("津贴_20260230.csv", "看不出"),
    ],
)
def test_a_delivery_of_another_time_is_refused(register, roll, name, words):
    assert roll("津贴_202604.csv").status == "landed"
    assert words in refused(register, roll(name, rows=2))
    assert roll("津贴_202604.csv").status == "unchanged"
    assert roll("津贴_202605.csv", rows=2).status == "landed"


def test_the_day_in_a_header_counts(register, tmp_path, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-05-20T20:00:00+08:00")
    layout = {"files": "roll*.txt", "header_mark": "H", "fields": {"姓名": 10, "证号": 4, "编号": 4}}
    asked = Contract.model_validate(
        {
            **FIELDS,
            "connector": {"kind": "fixed_width", "options": layout},
            "expect": {"period": {"told_by": "header"}},
        }
    )
    register.connect(folder=str(tmp_path))

    def put(header, number):
        (tmp_path / "roll.txt").write_bytes(b"H%s\nDLi        %d   A   \n" % (header, number))
        return register.pull(asked)

    assert put(b"20260510", 1).notes["period"] == "2026-05-10"
    assert "送来的是旧的：文件开头行说是 2026-05-09" in refused(register, put(b"20260509", 2))
    assert "看不出" in refused(register, put(b"", 2))
    assert put(b"20260510", 2).status == "landed"


def test_the_day_in_a_column_is_the_most_frequent(register, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-05-20T20:00:00+08:00")
    asked = Contract.model_validate(
        {**FIELDS, "ignored": ["编号", "月份"], "expect": {"period": {"told_by": "column", "column": "月份"}}}
    )
    columns = ("姓名", "证号", "编号", "月份")
    for months, period in [(("202604", "202604", "209901"), "2026-04-01"), (("202605", "", None), "2026-05-01")]:
        register.hold(*(("王", str(n), "A", month) for n, month in enumerate(months)), columns=columns)
        assert register.pull(asked).notes["period"] == period
    register.hold(("王", "1", "A", "202604"), ("王", "2", "A", "202604"), columns=columns)
    assert "月份 一列说是 2026-04-01" in refused(register, register.pull(asked))
