"""What a light app's header does not declare is not there for its select, wherever in it the name stands."""

import shutil

import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import light_app, sandbox
from jiceng_pipeline.exchange.light_app import light_apps
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier
from jiceng_pipeline.warehouse.table import materialise

HEADER = """-- title: t
-- purpose: p
-- audience: community
-- grain: g
-- columns: {columns}
-- elements: {elements}
-- masks: check
-- owner: 社区
-- version: 1
-- view: list
"""
ELEMENTS = "community_code, resident_id, household_id"
_FROM = "from governance.resident as resident"
_HOME = "governance.household as household on household.household_id = resident.household_id"
_KEYS = f"select resident.community_code, resident.household_id, count(resident.resident_id) as resident_count {_FROM}"
_GROUPED = "group by resident.community_code, resident.household_id"
_OUTPUT = ("community_code", "household_id", "resident_count")

# where an element stands that is not declared → the select
PLACES = {
    "where": f"{_KEYS} where resident.citizen_id like '%1' {_GROUPED}",
    "where, by another table's name": f"{_KEYS} join {_HOME} where household.head_phone is not null {_GROUPED}",
    "join": f"{_KEYS} join {_HOME} and resident.phone = household.head_phone {_GROUPED}",
    "join using": f"{_KEYS} join governance.twin as twin using (phone) {_GROUPED}",
    "group": f"{_KEYS} {_GROUPED}, resident.phone",
    "having": f"{_KEYS} {_GROUPED} having max(resident.phone) > '138'",
    "order": f"{_KEYS} {_GROUPED} order by max(resident.phone)",
    "a subquery": f"{_KEYS} where resident.resident_id in"
    f" (select twin.resident_id from governance.twin as twin where twin.phone > '138') {_GROUPED}",
    "a subquery that looks outside": f"{_KEYS} where exists (select 1 from governance.twin as twin"
    f" where twin.resident_id = resident.resident_id and resident.citizen_id > '3') {_GROUPED}",
    "a CTE": f"with a as (select resident.resident_id {_FROM} where resident.phone > '138')"
    f" {_KEYS} join a on a.resident_id = resident.resident_id {_GROUPED}",
    "a name of its own": f"with a as (select resident.resident_id, resident.phone as phone {_FROM})"
    f" {_KEYS} join a on a.resident_id = resident.resident_id {_GROUPED}",
    "a count": f"{_KEYS.replace('(resident.resident_id)', '(resident.phone)')} {_GROUPED}",
    "a count of cases": f"{_KEYS.replace('(resident.resident_id)', '(case when resident.phone > 138 then 1 end)')}"
    f" {_GROUPED}",
    "a filter": f"{_KEYS.replace(')', ') filter (where resident.phone is null)', 1)} {_GROUPED}",
    "a window": f"{_KEYS.replace('(resident.resident_id)', '(*) over (order by resident.phone)')}",
}  # fmt: skip


@pytest.fixture
def database(tmp_path):
    """Return a connection to a build with somebody in it."""
    with connect(tmp_path / "build.duckdb") as connection:
        connection.execute(
            """create schema governance; create schema light_apps;
            create table governance.resident as select '330106001001' as community_code, 'r' as resident_id,
                'h' as household_id, '13900000000' as phone, '330106194001011234' as citizen_id;
            create table governance.household as select 'h' as household_id, '13900000001' as head_phone;
            create table governance.twin as select resident_id, phone from governance.resident"""
        )
        yield connection


def app(folder, select, elements=ELEMENTS, columns=_OUTPUT):
    """Return the app `mine` of that select."""
    path = folder / "light_apps" / "mine.sql"
    path.parent.mkdir()
    path.write_text(HEADER.format(columns=", ".join(columns), elements=elements) + select, "utf-8")
    return light_apps(folder)["mine"]


@pytest.mark.parametrize("name", PLACES)
def test_what_is_not_declared_is_not_there_and_the_app_the_element_and_the_line_are_named(database, tmp_path, name):
    with pytest.raises(DefinitionError) as refused:
        light_app.approve(database, app(tmp_path, PLACES[name]))
    told = refused.value
    assert "mine" in told.what
    found = [each for each in ("phone", "citizen_id", "head_phone") if each in told.what.split("：")[-1].split("、")]
    assert found
    assert "-- elements:" in told.cure
    assert told.where.endswith("mine.sql")


def test_with_the_line_that_was_asked_for_it_runs(database, tmp_path):
    select = f"select resident.community_code, resident.resident_id {_FROM} where resident.citizen_id like '%4'"
    made = app(tmp_path, select, "community_code, resident_id, citizen_id", ("community_code", "resident_id"))
    home, checked = light_app.approve(database, made)
    sandbox.fill(database, home, made.table, checked, light_app.PLACE)
    assert database.execute("from light_apps.mine").fetchall() == [("330106001001", "r")]


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("select * from governance.resident as resident", "STAR"),
        (f"{_KEYS} natural join governance.twin as twin {_GROUPED}", "on"),
        (f"{_KEYS} where resident.shoe_size > 40 {_GROUPED}", "shoe_size"),
        (f"{_KEYS} join governance.shop as shop on shop.household_id = resident.household_id {_GROUPED}", "shop"),
    ],
)
def test_what_cannot_be_told_by_name_is_refused(database, tmp_path, select, said):
    with pytest.raises(DefinitionError, match=said):
        light_app.approve(database, app(tmp_path, select))


def test_what_is_declared_and_used_nowhere_is_a_right_nobody_needs(database, tmp_path):
    made = app(tmp_path, f"{_KEYS} {_GROUPED}", f"{ELEMENTS}, citizen_id, phone")
    with pytest.raises(DefinitionError, match="citizen_id、phone"):
        light_app.approve(database, made)


def test_every_app_there_is_declares_what_it_uses_and_nothing_more(synced, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(synced.home))
    with pytest.raises(SystemExit) as stop:
        main(["app", "check"])
    assert (stop.value.code, capsys.readouterr().err) == (0, "")


def test_a_copied_app_says_in_another_city_what_it_says_here(synced, tmp_path):
    """The same people under the codes of 杭州: the same lists under those codes, from files copied as they are."""
    shutil.copytree(synced.sql_models / "light_apps", tmp_path / "there" / "light_apps")
    there = light_app.tables(tmp_path / "there")
    read = {table for each in there for table in each.depends}
    with connect(tmp_path / "city.duckdb", attach={"here": publish.find(synced).database}) as connection:
        for table in sorted(read):
            moved(connection, table, table)
    filled = 0
    for table in there:
        with connect(tmp_path / "city.duckdb") as connection:
            materialise(connection, table, Settings(home=tmp_path))
        with connect(tmp_path / "city.duckdb", attach={"here": publish.find(synced).database}) as connection:
            moved(connection, table.full_name, "main.expected")
            told, expected = (
                connection.execute(f"from {name} order by all").fetchall() for name in (table.full_name, "expected")
            )
            assert told == expected, table.name
            filled += bool(told)
            connection.execute("drop table main.expected")
    assert filled >= 12


def moved(connection, table, to):
    """Copy a table of `here`, every division of 南通 become one of 杭州."""
    schema, _, name = table.partition(".")
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'here' and schema_name = ?"
        " and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    shown = ", ".join(
        f"regexp_replace({identifier(column)}, '^3206', '3301') as {identifier(column)}"
        if type == "VARCHAR"
        else identifier(column)
        for column, type in columns
    )
    connection.execute(f"create schema if not exists {to.partition('.')[0]}")
    connection.execute(f"create table {to} as select {shown} from here.{table}")
