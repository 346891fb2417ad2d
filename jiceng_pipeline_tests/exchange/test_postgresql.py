"""A subscriber whose copy is a table of its own PostgreSQL."""

import json
from dataclasses import replace

import psycopg
import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.exchange import delivery_step
from jiceng_pipeline.exchange.delivery import resume

from .test_delivery import days, target
from .village import Person, only, publish_people, subscribe


@pytest.fixture
def database(postgres):
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection
        connection.execute("drop table if exists county, jiceng_batch")


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


def test_what_was_brought_ahead_of_a_refused_batch_is_not_left_behind(settings, postgres, database, monkeypatch):
    monkeypatch.setattr(delivery_step, "ROWS", 2)
    target(settings, "office", way="postgresql", url=postgres)
    people = [Person(letter * 32) for letter in "abcdefgh"]
    publish_people(settings, people)
    subscribe(settings, "county", target="office")
    only(settings, "county")
    database.execute("alter table county add constraint odd check (_key not like 'c%' or phone like '138%')")
    database.execute("create table county__0_arriving (left_by_a_crash text)")
    publish_people(settings, [replace(each, phone="13912345678") for each in people])
    assert (only(settings, "county").state, only(settings, "county").number) == ("parked", 5)
    left = "select 1 from information_schema.tables where table_name like '%arriving'"
    assert not database.execute(left).fetchall()
    database.execute("alter table county drop constraint odd")
    resume(settings, "county", "operator")
    assert only(settings, "county").state == "delivered"
    assert database.execute("select phone, count(*) from county group by phone").fetchall() == [("139****5678", 8)]
    assert database.execute("select max(number) from jiceng_batch").fetchone() == (8,)
    assert not database.execute(left).fetchall()


def test_a_connection_lost_while_rows_are_sent_is_tried_again(settings, postgres, database):
    target(settings, "office", way="postgresql", url=postgres)
    publish_people(settings, [Person(f"{number:032x}", name="王" * 500_000) for number in range(12)])
    subscribe(settings, "county", target="office")
    database.execute(
        """create table county (_key text primary key, _batch bigint not null);
        create function lost() returns trigger language plpgsql as
            'begin perform pg_terminate_backend(pg_backend_pid()); return new; end';
        create trigger lost before insert on county for each row execute function lost()"""
    )
    assert only(settings, "county").state == "waiting"
    database.execute("drop function lost cascade")
    assert (only(settings, "county").state, only(settings, "county").state) == ("delivered", "unchanged")
    assert database.execute("select count(*) from county").fetchone() == (12,)


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


def test_what_its_owner_took_out_comes_back_when_it_changes(settings, postgres, database):
    target(settings, "office", way="postgresql", url=postgres)
    publish_people(settings, [Person(letter * 32) for letter in "abc"])
    subscribe(settings, "county", target="office")
    only(settings, "county")
    database.execute("delete from county where _key like 'b%'")
    database.execute("update county set phone = 'theirs' where _key like 'c%'")
    publish_people(settings, [Person(letter * 32, phone="13912345678") for letter in "abcd"])
    assert only(settings, "county").rows == 4
    assert database.execute("select phone, _batch, count(*) from county group by 1, 2").fetchall() == [
        ("139****5678", 2, 4)
    ]


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
