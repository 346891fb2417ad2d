"""A small world: records typed in a test, reconciled by the real engine in a real DuckDB."""

from contextlib import contextmanager
from datetime import date

import pyarrow as pa
import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import collected, contracts
from jiceng_pipeline.landing import collected as collection
from jiceng_pipeline.landing import records, version
from jiceng_pipeline.matching import tags
from jiceng_pipeline.matching.tables import tables as matching_tables
from jiceng_pipeline.services import entitlement
from jiceng_pipeline.standard import divisions, reading, reference
from jiceng_pipeline.standard.identifiers import citizen_check_sign, credit_check_sign
from jiceng_pipeline.standard.register import elements
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.models import tables as model_tables
from jiceng_pipeline.warehouse.table import materialise

REGISTER = "public_security/household_register"
HEALTH = "health/resident_health_record"
PENSION = "social_security/pension_insurance"
SHOPS = "market_supervision/enterprise_register"
FOOD = "market_supervision/food_licence"
DAY = date(2026, 11, 24)
SCHEMAS = {"staging", "governance", "returned"}
COMMON = {
    "division": divisions.create_division,
    "division_alias": divisions.create_division_alias,
    "business_day": reference.create_business_day,
    "element": reference.create_element,
    "code": reference.create_code,
}
LINKS = ("matching.resident_link", "matching.resident_review")
PREFIX = {"resident": "a", "enterprise": "e"}  # ids are hexadecimal


def citizen_id(stem):
    """Complete seventeen digits."""
    return stem + citizen_check_sign(stem)


def credit_code(stem):
    """Complete seventeen signs."""
    return stem + credit_check_sign(stem)


def _fill(entity, connection, rows):
    columns = records.columns(entity)
    types = {c: elements()[c].sql_type if c in elements() else "varchar" for c in columns}
    types |= {"landed_date": "date", "is_current": "boolean"}
    table = {c: [row.get(c) for row in rows] for c in columns}
    arrays = {c: pa.array(v) if any(x is not None for x in v) else pa.array(v, pa.string()) for c, v in table.items()}
    connection.register("typed", pa.table(arrays))
    cells = ", ".join(f"cast({c} as {types[c]}) as {c}" for c in columns)
    connection.execute(f"create or replace table standard.{entity}_record as select {cells} from typed")
    connection.unregister("typed")


@pytest.fixture(scope="session")
def common(tmp_path_factory):
    """Return a database of what is the same in every small world, made once."""
    folder = tmp_path_factory.mktemp("common")
    settings = Settings(home=folder, business_date=DAY)
    with connect(folder / "common.duckdb", settings=settings) as connection:
        connection.execute("create schema standard")
        for create in COMMON.values():
            create(connection, settings)
    return folder / "common.duckdb"


def _needed(tables, until):
    """Return those of the tables that the tables named, or views, are made of, and these; all where none is named."""
    needed, waiting = set(), list(until or (table.full_name for table in tables))
    depends = {table.full_name: table.depends for table in tables}
    while waiting:
        name = waiting.pop()
        if name in depends and name not in needed:
            needed.add(name)
            waiting += depends[name]
    return [table for table in tables if table.full_name in needed]


@pytest.fixture
def reconcile(tmp_path, common):
    """Return a context manager: rows of residents and enterprises in, an open connection with every table out.

    `until` names the only tables wanted; no more is made than what they are made of.
    """
    settings = Settings(home=tmp_path, business_date=DAY)

    @contextmanager
    def run(residents=(), enterprises=(), until=()):
        with connect(settings=settings, attach={"common": common}) as connection:
            connection.execute("create schema standard; create schema landing; create schema staging")
            for name in COMMON:
                connection.execute(f"create table standard.{name} as from common.standard.{name}")
            connection.execute("detach common")
            for entity, rows in {
                "resident": residents,
                "enterprise": enterprises,
                "equipment": (),
                "city_case": (),
                "service_point": (),
            }.items():
                full = [
                    {
                        "record_id": f"{PREFIX[entity]}{number:03}",
                        "first_landed": "20261101T000000.000000Z",
                        "landed_date": DAY,
                        "is_current": True,
                        "department": row["system"].split("/")[0],
                        **row,
                    }
                    for number, row in enumerate(rows)
                ]
                _fill(entity, connection, full)
            reading.create_name_reading(connection, settings)
            connection.execute(
                """create table standard.quarantine (system varchar, level varchar, record_id varchar,
                source_file varchar, source_row bigint, source_column varchar, element_id varchar, reason varchar)"""
            )
            kept = version.tables(tuple(contracts().values()))
            landed = [table for contract in collected().values() for table in collection.tables(contract)]
            for table in (*landed, *kept):  # nothing was collected, nothing changed
                materialise(connection, table, settings)
            # indicators and light apps have tests of their own, and would be most of the work here
            models = (table for table in model_tables(settings.sql_models) if table.schema in SCHEMAS)
            todo = _needed([*matching_tables(), tags.table(), entitlement.table(), *models], until)
            given = (
                "resident_record",
                "enterprise_record",
                "equipment_record",
                "city_case_record",
                "service_point_record",
                "name_reading",
                "element",
                "business_day",
                "division",
                "code",
                "quarantine",
            )
            done = {f"standard.{name}" for name in given} | {table.full_name for table in (*landed, *kept)}
            while todo:
                ready = next(table for table in todo if table.depends <= done)
                materialise(connection, ready, settings)
                done.add(ready.full_name)
                todo.remove(ready)
            yield connection

    return run
