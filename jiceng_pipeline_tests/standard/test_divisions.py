"""Communities are found by the names people write, in a county and in the whole city."""

import shutil
from datetime import date

import pytest

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


class Elsewhere(Settings):
    """An instance with divisions of its own."""

    @property
    def reference(self):
        return self.home / "reference"


@pytest.fixture
def merged_twice(tmp_path):
    """Two communities became one in January, which became another with a third in June."""
    shutil.copytree(Settings.load().reference, tmp_path / "reference")
    lines = ["date,code,merged_into,name"]  # the later one in front: the day counts, not the place in the file
    lines += [f"2026-06-01,{code},{LAST},虹兴社区居委会" for code in (BETWEEN, OTHER)]
    lines += [f"2026-01-04,{code},{BETWEEN},虹盛社区居委会" for code in (FIRST, SECOND)]
    (tmp_path / "reference" / "division_changes.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return lambda day: Elsewhere(home=tmp_path, business_date=day)


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
    with connect(settings=settings) as connection:
        connection.execute("create schema standard")
        create_division(connection, settings)
        create_division_alias(connection, settings)
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
