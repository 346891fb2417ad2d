"""Four levels: a parent is the sum of its children, what has no place is counted, and the check would notice."""

import shutil
from datetime import date

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import rollup
from jiceng_pipeline.exchange.indicators import Node, find, indicators
from jiceng_pipeline.standard import divisions
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise

HERE, MERGED, BESIDE = "320613005001", "320613005002", "320613005003"
HEADER = "-- title: t\n-- purpose: p\n-- audience: a\n-- grain: g\n-- columns: community_code, category, value\n"
PEOPLE = """-- unit: 人
-- definition: d
-- level_rule: sum
select person.community_code, person.kind as category, count(*) as value
from governance.person as person
group by person.community_code, person.kind
"""


@pytest.fixture
def counted(tmp_path):
    """Return a function: communities (and kinds) of people → the rolled-up values, and what the check says."""
    folder = tmp_path / "models"
    (folder / "indicators").mkdir(parents=True)
    (folder / "indicators" / "people.sql").write_text(HEADER + PEOPLE, "utf-8")

    def count(people, day=date(2026, 11, 24)):
        settings = Settings(home=tmp_path, business_date=day)
        with connect() as connection:
            connection.execute("create schema standard; create schema governance")
            divisions.create_division(connection, settings)
            connection.execute("create table governance.person (community_code varchar, kind varchar)")
            connection.executemany("insert into governance.person values (?, ?)", people)
            for table in rollup.tables(folder):
                materialise(connection, table, settings)
            values = connection.execute(
                "select division_code, category, value from indicators.value order by all"
            ).fetchall()
            wrong = connection.execute(
                "select sum(differing_divisions + differing_categories + differing_nodes) from indicators.additivity"
            ).fetchall()
        return {(code, category): value for code, category, value in values}, wrong[0][0]

    return count


def test_a_parent_is_the_sum_of_its_children_and_of_what_has_no_place(counted):
    people = [(HERE, "男"), (HERE, "女"), (BESIDE, "女"), ("320613005999", "女"), ("329999", "男"), (None, "男")]
    values, wrong = counted(people)
    assert wrong == 0
    totals = {code: value for (code, category), value in values.items() if category == ""}
    assert totals == {
        HERE: 2,
        BESIDE: 1,
        "32061300500X": 1,  # the street is known, the community is not
        "320613005000": 4,
        "320613000000": 4,
        "32060000000X": 2,  # nothing is known that this city has
        "320600000000": 6,
    }
    assert values["320600000000", "女"] == 3


def test_what_is_counted_under_a_path_is_counted_under_its_beginning(counted):
    values, wrong = counted([(HERE, "老/高龄/男"), (HERE, "老/高龄/女"), (HERE, "老/其他"), (HERE, "少")])
    assert wrong == 0
    assert values[HERE, "老/高龄"] == 2
    assert values[HERE, "老"] == 3
    assert values["320600000000", ""] == 4


@pytest.mark.parametrize(
    ("grade", "stage"),
    [
        ("小班", "幼儿园"), ("学前班", "幼儿园"), ("三年级", "小学"), ("三年级2班", "小学"), ("九年级（1）班", "初中"),
        ("初一", "初中"), ("高二", "高中"), ("高一3班", "高中"), ("中专一年级", "其他"), (None, "不详"),
    ],
)  # fmt: skip
def test_a_grade_is_of_its_stage_also_with_a_class_behind_it(grade, stage):
    with connect() as connection:
        connection.execute(
            """create schema governance; create table governance.resident
            (community_code varchar, death_date date, school_name varchar, school_grade varchar)"""
        )
        connection.execute("insert into governance.resident values (?, null, '城南学校', ?)", [HERE, grade])
        rows = connection.execute(find(Settings.load().sql_models, "students_by_stage").sql).fetchall()
    assert rows == [(HERE, stage, 1)]


def test_a_slash_in_what_a_system_wrote_makes_no_path(tmp_path):
    settings = Settings(home=tmp_path, business_date=date(2026, 11, 24))
    folder = tmp_path / "models"
    (folder / "indicators").mkdir(parents=True)
    for name in ("cases_by_category", "cases_by_status"):
        shutil.copy(settings.sql_models / "indicators" / f"{name}.sql", folder / "indicators")
    written = ("市容环境", "市容环境/占道经营", "/宣传广告", "施工管理/")
    with connect() as connection:
        connection.execute("create schema standard; create schema governance")
        divisions.create_division(connection, settings)
        connection.execute(
            """create table governance.city_case
            (community_code varchar, case_category varchar, case_status_code varchar)"""
        )
        connection.executemany(
            "insert into governance.city_case values (?, ?, '1')", [(HERE, category) for category in written]
        )
        for table in rollup.tables(folder):
            materialise(connection, table, settings)
        wrong = connection.execute(
            "select sum(differing_divisions + differing_categories + differing_nodes) from indicators.additivity"
        ).fetchall()
        here = connection.execute(
            "select category, value from indicators.value where indicator = 'cases_by_category' and division_code = ?",
            [HERE],
        ).fetchall()
    assert wrong == [(0,)]
    assert dict(here) == {"": 4, **{category.replace("/", "／"): 1 for category in written}}


def test_the_check_would_notice_a_lost_person(synced_copy):
    version = publish.current(synced_copy)
    tables = {table.name: table for table in rollup.tables(synced_copy.sql_models)}
    with connect(version.database, settings=synced_copy) as connection:
        for change, column in (
            ("value = value - 1 where level = 'township' and category = ''", "differing_divisions"),
            ("value = value + 1 where level = 'village' and category = '60岁及以上'", "differing_categories"),
            ("value = 0 where indicator = 'population' and category = ''", "differing_nodes"),
        ):
            connection.execute("begin")
            connection.execute(f"update indicators.value set {change}")
            tables["additivity"].build(connection, synced_copy)
            assert connection.execute(f"select sum({column}) from indicators.additivity").fetchall()[0][0] > 0
            connection.execute("rollback")


def test_every_indicator_of_a_synced_community_adds_up_and_says_what_the_database_says(synced):
    known = indicators(synced.sql_models)
    assert len(known) >= 30
    with connect(publish.current(synced).database, settings=synced, read_only=True) as connection:
        cells, wrong = connection.execute(
            """select sum(cells), sum(differing_divisions + differing_categories + differing_nodes)
            from indicators.additivity"""
        ).fetchall()[0]
        city = {
            (name, category): (value, base)
            for name, category, value, base in connection.execute(
                "select indicator, category, value, base from indicators.value where level = 'city'"
            ).fetchall()
        }
        people, households, cases = connection.execute(
            """select (select count(*) from governance.resident where death_date is null),
                (select count(*) from governance.household), (select count(*) from governance.city_case)"""
        ).fetchall()[0]
    assert cells > 0
    assert wrong == 0
    assert [city[name, ""][0] for name in ("population", "households", "cases_by_status")] == [
        people, households, cases,
    ]  # fmt: skip
    for each in (each for each in known.values() if each.is_ratio and (each.name, "") in city):
        told = [city.get((node.indicator, node.category), (0,))[0] for node in (each.numerator, each.denominator)]
        assert city[each.name, ""] == tuple(told), each.name


def test_a_problem_with_equipment_or_a_case_is_counted_where_that_stands(synced):
    with connect(publish.current(synced).database, settings=synced, read_only=True) as connection:
        told = connection.execute(
            """select division_code, sum(value) from indicators.value
            where indicator = 'open_problems' and category in ('market_supervision', 'urban_management')
                and level in ('village', 'unplaced') group by 1 order by 1"""
        ).fetchall()
        placed = connection.execute(
            """with place as (
                select equipment_id as record_id, community_code from governance.special_equipment
                union all select case_id, community_code from governance.city_case
                union all select record_id, community_code from matching.enterprise_link
                    join governance.enterprise on enterprise_id = entity_id where is_current)
            select coalesce(community_code, '32060000000X'), count(*)
            from standard.quarantine left join place using (record_id)
            where split_part(system, '/', 1) in ('market_supervision', 'urban_management')
            group by 1 order by 1"""
        ).fetchall()
    assert told == placed


def test_a_merger_is_told_as_it_was_and_as_it_is_now(counted, tmp_path):
    people = [(HERE, "男"), (MERGED, "男"), (BESIDE, "女"), (BESIDE, "男")]
    before, _ = counted(people)
    after = date(2026, 12, 4)
    with connect() as connection:
        connection.execute("create schema standard; create schema indicators")
        settings = Settings(home=tmp_path, business_date=after)
        divisions.create_division(connection, settings)
        rollup.tables(settings.sql_models)[0].build(connection, settings)
        connection.execute("create table old (indicator varchar, level varchar, division_code varchar,"
                           " parent_code varchar, category varchar, value bigint, base bigint)")  # fmt: skip
        connection.executemany(
            "insert into old values ('people', case when ? like '%0000' or ? like '320613005000' then 'above'"
            " else 'village' end, ?, null, ?, ?, null)",
            [(code, code, code, category, value) for (code, category), value in before.items()],
        )
        rows = connection.execute(rollup.restated("old", "indicators.division", divisions.merged(settings))).fetchall()
    now = {(code, category): value for _, _, code, _, category, value, _ in rows}
    assert now["320613005019", ""] == 3
    assert now["320613005019", "男"] == 2
    assert (MERGED, "") not in now
    assert (before[MERGED, ""], before[BESIDE, ""]) == (1, 2)
    assert all(now[code, c] == before[code, c] for code in ("320613005000", "320600000000") for c in ("", "男", "女"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- unit: 人\n", "", "unit"),
        ("level_rule: sum", "level_rule: average", "average"),
        ("level_rule: sum", "level_rule: ratio", "numerator"),
        ("level_rule: sum", "level_rule: sum\n-- code_set: 没有", "代码集"),
        ("level_rule: sum", "level_rule: sum\n-- sums_to: nobody", "nobody"),
        ("level_rule: sum", "level_rule: sum\n-- sums_to: people\n-- part_of: people", "只写一个"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path, old, new, said):
    (tmp_path / "indicators").mkdir()
    (tmp_path / "indicators" / "people.sql").write_text(HEADER + PEOPLE.replace(old, new), "utf-8")
    with pytest.raises(DefinitionError, match=said):
        indicators(tmp_path)


def test_categories_are_told_in_words():
    folder = Settings.load().sql_models
    assert find(folder, "持证残疾人等级").words("1") == "一级"
    assert find(folder, "open_problems").words("civil_affairs") == "民政局"
    assert find(folder, "population_by_age_and_sex").words("60岁及以上/60—79岁") == "60—79岁"
    assert find(folder, "aged_60_share").numerator == Node("population_by_age_and_sex", "60岁及以上")
