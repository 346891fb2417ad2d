"""The sandbox: what a light app may not do it cannot, and each wall stands without the others."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.exchange import sandbox
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.exchange.escapes import ESCAPES, SECRET


@pytest.fixture
def database(tmp_path):
    """Return a connection to a build with two people, and the file that no app may read."""
    with connect(tmp_path / "build.duckdb") as connection:
        connection.execute(
            f"""create schema governance; create schema standard; create schema light_apps; create schema ledger;
            create table governance.resident as select * from (values
                ('320613005001', 'r1', '王芳', '{SECRET}', date '1940-01-01'),
                ('320613005002', 'r2', '李强', '{SECRET}', date '1990-01-01')
            ) as t(community_code, resident_id, name, citizen_id, birth_date);
            create table governance.household as select '320613005001' as community_code, 'h1' as household_id;
            create table ledger.event as select 1 as seq;
            create table standard.business_day as select date '2026-11-24' as business_date"""
        )
        (tmp_path / "secret.csv").write_text(f"citizen_id\n{SECRET}\n", "utf-8")
        yield connection


VISIBLE = {
    "governance.resident": ["community_code", "resident_id", "name", "birth_date"],
    "governance.household": ["community_code", "household_id"],
    "standard.business_day": ["business_date"],
}


def run(connection, sql, table="light_apps.app"):
    select = sandbox.checked(connection, sql, "app.sql")
    home = sandbox.enter(connection, select, VISIBLE)
    sandbox.fill(connection, home, table, select, "community_code")
    return connection.execute(f"from {table}").fetchall()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            """select resident.community_code, resident.name from governance.resident as resident
            cross join standard.business_day as today
            where resident.birth_date <= today.business_date - interval '80' year order by resident.community_code""",
            [("320613005001", "王芳")],
        ),
        (
            """with old as (
                select r.community_code, count(*) as n from governance.resident as r group by r.community_code)
            select old.community_code, old.n, row_number() over (order by old.community_code) as place
            from old left join governance.household as h on h.community_code = old.community_code
            where h.household_id is not null -- the last line may be a remark""",
            [("320613005001", 1, 1)],
        ),
        ("select null as community_code from governance.resident", []),
    ],
)
def test_an_ordinary_select_runs(database, sql, rows):
    assert run(database, sql) == rows


@pytest.mark.parametrize("name", ESCAPES)
def test_an_escape_is_refused_and_leaves_nothing_behind(database, tmp_path, name):
    before = database.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
    files = sorted(tmp_path.iterdir())
    with pytest.raises((DefinitionError, Exception)) as refused:
        rows = run(database, ESCAPES[name].format(folder=tmp_path))
        pytest.fail(f"it ran: {len(rows)} rows")
    assert SECRET not in str(refused.value)
    after = database.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'build' order by all"
    ).fetchall()
    assert after == before
    assert sorted(tmp_path.iterdir()) == files


def test_there_are_enough_attempts():
    assert len(ESCAPES) >= 40


def test_the_connection_is_shut_even_for_what_was_never_checked(database, tmp_path):
    run(database, "select community_code from governance.resident")
    for attempt in (
        f"from read_text('{tmp_path}/secret.csv')",
        f"copy governance.resident to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.duckdb' as other",
        "set enable_external_access = true",
        "set threads = 8",
        "install httpfs",
    ):
        with pytest.raises(Exception, match=r"(?i)disabled|locked|permission|cannot"):
            database.execute(attempt)


def test_one_after_another_in_the_same_shut_database_and_none_sees_what_the_one_before_saw(database):
    assert run(database, "select h.community_code from governance.household as h", "light_apps.first")
    with database.cursor() as later:
        assert run(later, "select r.community_code from governance.resident as r", "light_apps.second")
        later.execute("use sandbox")
        with pytest.raises(Exception, match="household"):
            later.execute("from governance.household")
        with pytest.raises(Exception, match="locked"):
            later.execute("set enable_external_access = true")


def test_an_undeclared_column_does_not_exist_there(database):
    with pytest.raises(Exception, match="citizen_id"):
        run(database, "select resident.community_code, resident.citizen_id from governance.resident as resident")


def test_a_whole_row_holds_only_what_was_declared(database):
    rows = run(database, "select resident.community_code, resident as everything from governance.resident as resident")
    assert SECRET not in str(rows)
