"""A subscriber whose copy is a table of its own PostgreSQL."""

import json
from dataclasses import replace

import psycopg
import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.exchange import delivery_step

from .test_delivery import days, target
from .village import Person, only, publish_people, subscribe


@pytest.fixture
def database(postgres):
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection
        connection.execute("drop table if exists county, county__arriving, jiceng_batch")


def test_its_table_says_what_the_version_says(settings, postgres, database, monkeypatch):
    monkeypatch.setattr(delivery_step, "ROWS", 2)
    target(settings, "office", way="postgresql", url=postgres)
    made = days(settings, 5)
    said = next(made)
    subscribe(settings, "county", target="office")
    only(settings, "county")
    for said in made:
        assert only(settings, "county").state in {"delivered", "unchanged"}
        assert dict(database.execute("select _key, phone from county").fetchall()) == said
    kinds = dict(
        database.execute(
            "select column_name, data_type from information_schema.columns where table_name = 'county'"
        ).fetchall()
    )
    assert (kinds["subsistence_monthly_cny"], kinds["birth_date"], kinds["name"]) == ("numeric", "bigint", "text")
    assert database.execute("select birth_date from county limit 1").fetchone() == (1950,)
    assert not database.execute("select 1 from information_schema.tables where table_name like '%arriving'").fetchall()


def test_a_batch_that_fails_half_way_leaves_the_copy_as_it_was(settings, postgres, database):
    target(settings, "office", way="postgresql", url=postgres)
    a, b = Person("a" * 32), Person("b" * 32)
    publish_people(settings, [a, b])
    subscribe(settings, "county", target="office")
    only(settings, "county")
    database.execute("alter table county add constraint odd check (phone not like '139%')")
    publish_people(settings, [replace(a, phone="13912345678"), replace(b, phone="13712345678")])
    assert only(settings, "county").state == "parked"
    assert set(database.execute("select phone from county").fetchall()) == {("138****5678",)}
    assert database.execute("select max(number) from jiceng_batch").fetchone() == (1,)
    database.execute("alter table county drop constraint odd")


def test_its_table_does_not_grow_when_everything_changes(settings, postgres, database):
    target(settings, "office", way="postgresql", url=postgres)
    sizes = []
    for phone in ("13812345678", "13912345678", "13712345678"):
        publish_people(settings, [Person(f"{number:032x}", phone=phone) for number in range(80)])
        if not sizes:
            subscribe(settings, "county", target="office")
        assert only(settings, "county").rows == 80
        sizes += database.execute("select pg_relation_size('county')").fetchone()
    assert len(set(sizes)) == 1, sizes


def test_columns_come_and_go(settings, postgres, database):
    target(settings, "office", way="postgresql", url=postgres)
    people = [Person("a" * 32), Person("b" * 32)]
    publish_people(settings, people, without=("phone",))
    subscribe(settings, "county", target="office")
    only(settings, "county")
    for number in range(3):
        publish_people(settings, people[:1] if number % 2 else people)
        only(settings, "county")
    assert database.execute("select count(*), min(phone) from county").fetchone() == (2, "138****5678")


def test_the_command_line_adds_delivers_and_shows(settings, postgres, database, capsys, monkeypatch):
    monkeypatch.setenv("JICENG_HOME", str(settings.home))
    target(settings, "office", way="postgresql", url=postgres)
    publish_people(settings, [Person("a" * 32), Person("b" * 32, subsistence="1")])
    subscribe(settings, "other")

    def jiceng(*words):
        with pytest.raises(SystemExit) as stop:
            main(list(words))
        return stop.value.code, capsys.readouterr().out

    common = ("--subscriber", "other", "--dataset", "resident_register", "--scope", "320613", "--target", "office")
    asked = ("--profile", "full", "--purpose", "低保核对", "--where", "subsistence_category_code?")
    elements = "resident_id,name,subsistence_category_code"
    code, _ = jiceng("subscription", "add", "county", *common, *asked, "--elements", elements)
    assert code == 0
    code, said = jiceng("subscription", "deliver", "county", "--json")
    assert (code, json.loads(said)[0]["rows"]) == (0, 1)
    assert database.execute("select name from county").fetchall() == [("张小三",)]
    code, said = jiceng("subscription", "list", "--json")
    assert {each["subscription_id"]: each["number"] for each in json.loads(said)} == {"county": 1, "other": 0}
    code, said = jiceng("subscription", "receipts", "county", "--json")
    (receipt,) = json.loads(said)
    assert (receipt["rows"], len(receipt["fields"]), receipt["purpose"]) == (1, 3, "低保核对")
    folder = settings.home / "out" / "other"
    assert jiceng("subscription", "deliver", "other")[0] == 0
    into = ("--into", str(settings.home / "copy.duckdb"))
    code, said = jiceng("receive", "folder", str(folder), *into, "--snapshot", str(settings.home / "whole"), "--json")
    assert json.loads(said) == {"other": 1}
    lines = (settings.home / "whole" / "other.jsonl").read_text().splitlines()
    assert [json.loads(line)["_key"][0] for line in lines] == ["a", "b"]
    assert jiceng("subscription", "turn", "other", "ended")[0] == 0
    assert jiceng("subscription", "add", "more", *common, "--where", "nonsense")[0] == 2
