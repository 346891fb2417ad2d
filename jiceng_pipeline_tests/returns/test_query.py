"""Analysts' SQL: what it gives, and that there is no way from it to anything else."""

import csv
import os

import pytest

from jiceng_pipeline.core.errors import AccessDenied, IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants, query
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

from .conftest import HERE, THERE, served_rows

ASK = {"actor": "analyst", "scope": HERE, "purpose": "核对"}
NUMBER = "320602195001011"


@pytest.fixture(scope="module")
def served(template):
    with open_ledger(template) as ledger:
        grants.give(
            ledger,
            Grant(actor="analyst", scope=HERE, datasets=("resident_register", "household_register", "changes"),
                  profiles=("check", "full"), purposes="*", granted_by="operator"),
        )  # fmt: skip
    (template.home / "plant.csv").write_text(f"secret\n{NUMBER}\n")
    return template


def ask(served, sql, **more):
    return query.run(served, sql, **{**ASK, **more})


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            "select name, phone, birth_date from resident_register",
            [("张*三", "138****5678", 1950)],
        ),
        ("select count(*) from returned.resident_register", [(1,)]),
        ("with r as (from resident_register) select r.resident_id from r", [("r1",)]),
        ("select count(*) from resident_register r left join household_register using (household_id)", [(1,)]),
        ("from RESIDENT_REGISTER select resident_id", [("r1",)]),
        ('select resident_id from "resident_register"', [("r1",)]),
    ],
)
def test_a_select_sees_the_scopes_masked_rows(served, sql, rows):
    assert list(ask(served, sql).rows) == rows


def test_two_columns_of_one_name_are_both_there(served):
    answer = ask(served, "select a.name, b.name, 1 as name_2 from resident_register as a join resident_register as b "
                 "on a.resident_id = b.resident_id")  # fmt: skip
    assert (answer.columns, list(answer.rows)) == (("name", "name_3", "name_2"), [("张*三", "张*三", 1)])


def test_unmasked_needs_leave_and_is_audited(served):
    (row,) = ask(served, "select citizen_id from resident_register", profile="full").rows
    assert row[0].startswith(NUMBER)
    with open_ledger(served) as ledger:
        *_, granted, last = views.entries(ledger, Audit)
    assert (granted.body.outcome, granted.body.profile, granted.body.channel) == ("granted", "full", "query")
    assert (last.body.outcome, last.body.rows, last.body.leave) == ("served", 1, granted.seq)
    assert last.body.term
    assert "citizen_id" not in str(last.body)


REFUSED = [
    "select * from enterprise_register",
    "select 1 from resident_register, enterprise_register",
    "select (select count(*) from to_verify) from resident_register",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_a_dataset_without_a_grant_is_denied(served, sql):
    with pytest.raises(AccessDenied):
        ask(served, sql)


@pytest.mark.parametrize("more", [{"scope": THERE}, {"scope": "*"}, {"scope": HERE[:9]}, {"actor": "stranger"}])
def test_another_scope_or_account_is_denied(served, more):
    with pytest.raises(AccessDenied):
        ask(served, "select * from resident_register", **more)


@pytest.mark.parametrize("more", [{"purpose": " "}, {"profile": "statistics"}, {"profile": "raw"}, {"scope": "火星"}])
def test_what_is_asked_wrongly_is_said(served, more):
    with pytest.raises(UsageError):
        ask(served, "select * from resident_register", **more)


FROM = "from resident_register"
HOSTILE = [
    # other statements
    "", ";", "--", "select 1", "drop table resident_register", "delete from resident_register",
    "insert into resident_register select * from resident_register", "update resident_register set name = 'x'",
    "create table t as select * from resident_register", "create view v as select * from resident_register",
    "copy resident_register to '{home}/out.csv'", "copy (select * from resident_register) to '{home}/out.csv'",
    "export database '{home}/out'", "attach '{database}' as other", "detach memory", "use memory",
    "install httpfs", "load httpfs", "set memory_limit = '1GB'", "set enable_external_access = true",
    "reset lock_configuration", "pragma database_list", "call pragma_version()", "checkpoint", "begin",
    "explain analyze select * from resident_register",
    "prepare p as select * from resident_register", "vacuum", "show tables",
    "create macro m(a) as a", "create secret (type s3)", "set variable x = 1",
    # two at once
    "select * from resident_register; drop table resident_register",
    "select * from resident_register; attach '{database}' as other",
    "select * from resident_register; select * from resident_register",
    # ways out of the one
    f"select r.*, x.* {FROM} r, '{{home}}/plant.csv' x", f"select * {FROM}, read_csv('{{home}}/plant.csv')",
    f"select * {FROM}, read_text('{{home}}/secret.key')", f"select * {FROM}, read_blob('{{home}}/secret.key')",
    f"select * {FROM}, read_parquet('{{folder}}/resident_register.parquet')", f"select * {FROM}, glob('{{home}}/*')",
    f"select * {FROM}, parquet_metadata('{{folder}}/resident_register.parquet')",
    f"select * {FROM}, sniff_csv('{{home}}/plant.csv')", f"select * {FROM}, parquet_scan('{{folder}}/*.parquet')",
    f"select * {FROM}, read_json('{{folder}}/manifest.json')", f"select * {FROM}, read_csv('https://127.0.0.1/x')",
    f"select * {FROM}, query('select * from ''{{home}}/plant.csv''')",
    f"select * {FROM}, query_table('{{home}}/plant.csv')", f"select * {FROM}, read_duckdb('{{database}}')",
    f"select getenv('HOME') {FROM}", f"select * {FROM}, governance.resident",
    f"select * {FROM}, jiceng.returned.resident_register", f"select * {FROM}, sqlite_scan('{{ledger}}', 'event')",
    f"select * {FROM}, served", f"select * {FROM}, handed_over", f"select * {FROM}, rows",
    f"select * {FROM}, settings",
    f"select * {FROM}, main.secret", f"select cast(name as integer) {FROM}", f"select error(name) {FROM}",
    f"select * {FROM} where name = \ud800", "\x00select * from resident_register",
    "select * from resident_register where",
]  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE)
def test_there_is_no_way_out(served, sql, monkeypatch):
    version = publish.current(served)
    places = {
        "home": served.home, "folder": version.folder, "database": version.database, "ledger": served.ledger,
    }  # fmt: skip
    for name, place in places.items():
        sql = sql.replace("{" + name + "}", str(place))
    assert served.secret  # made on first use
    before = sorted(path for path in served.home.rglob("*"))
    with pytest.raises((UsageError, AccessDenied)) as caught:
        ask(served, sql)
    assert not any(part in str(caught.value) for part in (NUMBER, "张", "1381234"))
    assert sorted(path for path in served.home.rglob("*")) == before


def test_nothing_of_others_is_in_the_closed_database(served):
    (row,) = ask(
        served,
        """select (select string_agg(table_name, ',' order by 1) from duckdb_tables()),
            (select string_agg(distinct path, ',') from duckdb_databases()), count(*) from resident_register""",
    ).rows
    assert row == ("resident_register", None, 1)
    assert list(ask(served, f"select * from resident_register where community_code = '{THERE}'").rows) == []


def test_the_locks_are_on(served):
    rows = ask(
        served,
        """select s.name, s.value from duckdb_settings() as s join resident_register on true
        where s.name in ('enable_external_access', 'lock_configuration', 'temp_directory') order by all""",
    ).rows
    assert dict(rows) == {"enable_external_access": "false", "lock_configuration": "true", "temp_directory": ""}


def test_a_select_without_end_is_stopped(served):
    with pytest.raises(UsageError, match="太久"):
        ask(served, "select count(*) from resident_register, range(10000000), range(10000000)", seconds=0.2)


def test_a_result_becomes_a_file_that_only_its_owner_reads(served, tmp_path):
    answer = ask(served, "select resident_id, '=1+1' as f, birth_date, null as n from resident_register")
    query.write(answer, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["resident_id", "f", "birth_date", "n"], ["r1", "'=1+1", "1950", ""]]
    query.write(answer, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_mode & 0o777 == 0o600
    with connect() as connection:
        assert connection.execute(f"select * from '{tmp_path}/a.parquet'").fetchall() == [("r1", "=1+1", 1950, None)]
    with pytest.raises(UsageError):
        query.write(answer, tmp_path / "a.exe")


def test_a_damaged_version_is_not_blamed_on_the_sql(tmp_path):
    settings = Settings(home=tmp_path)
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    version = served_rows(settings)
    os.truncate(version.database, version.database.stat().st_size // 2)
    with pytest.raises(IntegrityError, match="doctor --fix"):
        query.run(settings, "select count(*) from resident_register", actor="operator", scope="*", purpose="核对")
