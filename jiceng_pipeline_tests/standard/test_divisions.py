"""Communities are found by the names people write, in a county and in the whole city."""

import shutil
from contextlib import contextmanager
from datetime import date

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.returns import communities
from jiceng_pipeline.standard.divisions import create_division, create_division_alias, merged
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture(scope="module")
def code_of():
    """Return a function: name, county it is read in → code of the community, or None."""
    with connect() as connection:
        connection.execute("create schema if not exists standard")
        create_division(connection, Settings.load())
        create_division_alias(connection, Settings.load())

        def find(name, county="320613"):
            rows = connection.execute(
                "select code from standard.division_alias where alias = ? and county_code in ('', ?)", [name, county]
            ).fetchall()
            assert len(rows) <= 1
            return rows[0][0] if rows else None

        yield find


@pytest.mark.parametrize(
    "name",
    [
        "虹桥",
        "虹桥社区",
        "虹桥社区居委会",
        "虹桥社区居民委员会",
        "虹桥街道虹桥社区",
        "崇川区虹桥街道虹桥",
        "320613005001",
    ],
)
def test_a_name_read_in_its_county(code_of, name):
    assert code_of(name) == "320613005001"


def test_a_name_means_another_community_in_another_county(code_of):
    assert code_of("虹桥", "320685").startswith("320685")
    assert code_of("新坝村委会", "320613") is None, "there is none here, and several elsewhere"


@pytest.mark.parametrize("county", ["320613", "320685"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("虹桥街道虹桥社区", "320613005001"),
        ("常乐镇状元街居委会", "320614103001"),
        ("海门经济技术开发区海东", "320614400038"),
        ("南通市海门区经济技术开发区海东居委会", "320614400038"),
        ("320614400038", "320614400038"),
    ],
)
def test_with_its_township_a_name_is_read_anywhere(code_of, county, name, code):
    assert code_of(name, county) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("金沙街道虹西社区", "320612001004"), ("金沙街道虹西", "320612001201"), ("金沙街道虹西村委会", "320612001201")],
)
def test_a_community_and_a_village_of_one_name(code_of, name, code):
    assert code_of(name) == code


def test_what_may_mean_two_means_none(code_of):
    assert code_of("如城街道安定") is None


def test_no_name_is_listed_for_a_county_and_for_all(code_of):
    assert code_of("虹桥街道虹桥") == code_of("虹桥街道虹桥", "320681") == "320613005001"


FIRST, SECOND, OTHER, BETWEEN, LAST = (f"3206130050{number}" for number in ("02", "03", "01", "19", "20"))


@contextmanager
def read(settings):
    """Yield a database with the tree and the names of an instance."""
    with connect(settings=settings) as connection:
        connection.execute("create schema standard")
        create_division(connection, settings)
        create_division_alias(connection, settings)
        yield connection


class Elsewhere(Settings):
    """An instance with divisions of its own."""

    @property
    def reference(self):
        return self.home / "reference"


@pytest.fixture
def changed(tmp_path):
    """Return a function: lines of division_changes.csv and a day → an instance that has these divisions then."""
    shutil.copytree(Settings.load().reference, tmp_path / "reference")

    def on(day, *lines):
        text = "\n".join(["date,code,merged_into,name", *lines]) + "\n"
        (tmp_path / "reference" / "division_changes.csv").write_text(text, "utf-8")
        return Elsewhere(home=tmp_path, business_date=day)

    return on


@pytest.fixture
def merged_twice(changed):
    """Two communities became one in January, which became another with a third in June."""
    lines = [f"2026-06-01,{code},{LAST},虹兴社区居委会" for code in (BETWEEN, OTHER)]
    lines += [f"2026-01-04,{code},{BETWEEN},虹盛社区居委会" for code in (FIRST, SECOND)]
    # the later one in front: the day counts, not the place in the file
    return lambda day: changed(day, *lines)


@pytest.mark.parametrize(
    ("day", "now"),
    [
        (date(2025, 12, 1), {}),
        (date(2026, 2, 1), dict.fromkeys((FIRST, SECOND), BETWEEN)),
        (date(2026, 11, 1), dict.fromkeys((FIRST, SECOND, BETWEEN, OTHER), LAST)),
    ],
)
def test_a_community_merged_more_than_once_is_everywhere_what_it_is_now(merged_twice, day, now):
    settings = merged_twice(day)
    there = {FIRST, SECOND, OTHER, *now.values()} - set(now)
    assert merged(settings) == now
    assert {code: communities.became(settings, code) for code in now} == now
    assert {code for code in communities.present(settings) if code.startswith("3206130050")} >= there
    assert not communities.present(settings).keys() & now.keys()
    with read(settings) as connection:
        listed = connection.execute(
            "select code, level, parent_code from standard.division where code in (?, ?, ?, ?, ?) order by all",
            [FIRST, SECOND, OTHER, BETWEEN, LAST],
        ).fetchall()
        names = {
            alias: connection.execute(
                "select code from standard.division_alias where alias = ? and county_code in ('', '320613')", [alias]
            ).fetchall()
            for alias in (*now, "虹桥街道虹东社区", *(("虹盛社区",) if now else ()))
        }
    assert listed == [(code, "village", "320613005000") for code in sorted(there)]
    assert names == {alias: [(now.get(alias, now.get(FIRST, FIRST)),)] for alias in names}
    assert communities.find(settings, FIRST).code == now.get(FIRST, FIRST)


DAY = date(2026, 2, 1)


def names_of(settings, code):
    """Return what the tree calls a community, and which of its names are found in which county."""
    asked = [(name, county) for name in ("虹桥社区", "虹新社区", OTHER) for county in ("320613", "320612")]
    with read(settings) as connection:
        told = connection.execute("select name from standard.division where code = ?", [code]).fetchall()
        found = {
            each
            for each in asked
            if connection.execute(
                "select 1 from standard.division_alias where alias = ? and county_code in ('', ?) and code = ?",
                [*each, code],
            ).fetchall()
        }
    return told, found


@pytest.mark.parametrize(
    ("lines", "code", "name"),
    [
        ([f"2026-01-04,{OTHER},{OTHER},虹新社区居委会"], OTHER, "虹新社区居委会"),
        (
            [f"2026-01-03,{OTHER},{FIRST},虹东社区居委会", f"2026-01-04,{FIRST},{OTHER},虹新社区居委会"],
            OTHER,
            "虹新社区居委会",
        ),
        ([f"2026-01-04,{OTHER},320613006099,虹新社区居委会"], "320613006099", "虹新社区居委会"),
        ([f"2026-01-04,{OTHER},320612001099,虹新社区居委会"], "320612001099", "虹新社区居委会"),
    ],
    ids=["another name", "its code back", "another street", "another county"],
)
def test_a_community_that_goes_on_is_there_under_what_it_is_called_now(changed, lines, code, name):
    settings = changed(DAY, *lines)
    told, found = names_of(settings, code)
    assert told == [(name,)]
    assert {("虹桥社区", "320613"), ("虹新社区", code[:6]), (OTHER, "320613"), (OTHER, "320612")} <= found
    assert code in communities.present(settings)
    assert communities.find(settings, OTHER).name == name


@pytest.mark.parametrize("day", [date(2025, 12, 31), DAY])
def test_a_community_that_takes_another_in_is_there_before_and_after(changed, day):
    settings = changed(day, f"2026-01-04,{FIRST},{OTHER},虹桥社区居委会")
    assert OTHER in communities.present(settings)
    assert (FIRST in communities.present(settings)) == (day < DAY)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["2026/1/4,320613005001,320613005002,虹东社区居委会"], "不是日期"),
        (["2026-01-04,320613005000,320613006000,学田街道"], "不是社区"),
        (["2026-01-04,320613005001,320613099001,虹桥社区居委会"], "区划表里没有"),
        (["2026-01-04,320613005001,320613005002,"], "没有名称"),
        (["2026-01-04,320613005001,320613005002"], "没有名称"),
        ([f"2026-01-04,{OTHER},{code},虹新社区居委会" for code in (BETWEEN, LAST)], "写了两次"),
    ],
)
def test_what_the_list_of_changes_cannot_say_is_told_with_its_line(changed, lines, what):
    with pytest.raises(DefinitionError, match=what) as told:
        merged(changed(DAY, *lines))
    assert told.value.where.endswith(f"division_changes.csv:{len(lines) + 1}")
    assert told.value.cure
