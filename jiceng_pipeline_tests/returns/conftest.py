"""A small published instance: real tables, a real ledger, real communities of 虹桥街道."""

import shutil
from datetime import date
from itertools import groupby

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect, identifier

HERE, THERE = "320613005001", "320613005002"
NAMES = {HERE: "虹桥社区居委会", THERE: "新桥社区居委会"}
REGISTERS = ("resident_register", "household_register", "enterprise_register", "dwelling_register", "to_verify")
ID = "32060219500101123"


def citizen_id(first_seventeen=ID):
    return first_seventeen + citizen_check_sign(first_seventeen)


RESIDENT = {
    "community_code": HERE, "community_name": NAMES[HERE], "resident_id": "r1", "household_id": "h1",
    "name": "张小三", "citizen_id": citizen_id(), "sex_code": "1", "birth_date": date(1950, 1, 1),
    "ethnic_group_code": "01", "marital_status_code": "20", "phone": "13812345678", "family_relation_code": "02",
    "registered_address": "南通市崇川区虹桥街道青年东路12号3幢201室", "dwelling_address": "虹桥村三组",
    "subsistence_category_code": "1", "subsistence_monthly_cny": 812.5, "pension_status_code": "3",
    "has_hypertension": True, "has_diabetes": False, "last_follow_up_date": date(2026, 10, 1),
    "system_count": 2, "source_systems": "health/resident_health_record,public_security/household_register",
    "source_date": date(2026, 11, 23),
}  # fmt: skip
ENTERPRISE = {
    "community_code": HERE, "community_name": NAMES[HERE], "enterprise_id": "e1",
    "enterprise_name": "南通虹桥小吃店", "enterprise_type_code": "2", "phone": "051385123456",
    "registered_capital_cny": 50000, "established_date": date(1899, 12, 31),
}  # fmt: skip


def row(base, **changed):
    return {**base, **changed}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Make once an instance that serves one version and whose operator holds the first grant."""
    settings = Settings(home=tmp_path_factory.mktemp("template"))
    served_rows(
        settings,
        resident_register=[RESIDENT, row(RESIDENT, resident_id="r2", community_code=THERE, name="李四")],
        enterprise_register=[ENTERPRISE],
    )
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    return settings


@pytest.fixture
def served(template, settings):
    """Return the settings of a copy of it."""
    shutil.copytree(template.home, settings.home, symlinks=True)
    return settings


def _order(each):
    return each["community_code"], tuple(each)


def fill(connection, settings, **rows):
    """Create the returned tables with these rows, every column of the type its element has."""
    connection.execute("create schema if not exists returned; create schema if not exists landing")
    for name in REGISTERS:
        columns = {c: e.sql_type for c, e in datasets.find(settings, name).elements.items()}
        listed = ", ".join(f"{identifier(c)} {kind}" for c, kind in columns.items())
        connection.execute(f"create or replace table returned.{name} ({listed})")
        for names, group in groupby(sorted(rows.get(name, []), key=_order), key=tuple):
            marks = ", ".join("?" for _ in names)
            values = [list(each.values()) for each in group]
            connection.executemany(f"insert into returned.{name} ({', '.join(names)}) values ({marks})", values)
    connection.execute("create or replace table landing.outcome (system text, snapshot_date date, is_stale boolean)")
    for number, system in enumerate(contracts()):
        connection.execute("insert into landing.outcome values (?, ?, ?)", [system, date(2026, 11, 20), number == 0])


def served_rows(settings, run="run", changes=None, **rows):
    """Build and publish a version with these rows; `changes(connection)` makes returned.changes."""
    database = build.private(settings, run)
    with connect(database, settings=settings) as connection:
        fill(connection, settings, **rows)
        if changes:
            changes(connection)
    facts = {"inputs": {"business_date": "2026-11-24"}, "summary": {}}
    return publish.publish(settings, database, facts).version
