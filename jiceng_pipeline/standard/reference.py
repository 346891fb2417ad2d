"""The register, the code sets and the business date as tables, so that SQL models can join them."""

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import elements


def create_business_day(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `standard.business_day(business_date)`, one row."""
    connection.execute("create or replace table standard.business_day (business_date date)")
    connection.execute("insert into standard.business_day values (?)", [clock.business_date(settings)])


def create_element(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `standard.element(element_id, title, sensitivity, code_set, is_verified_locally, harm)`."""
    connection.execute(
        """create or replace table standard.element (
        element_id varchar, title varchar, sensitivity varchar, code_set varchar, is_verified_locally boolean,
        harm varchar)"""
    )
    rows = [
        (e.id, e.title, e.sensitivity, e.code_set, e.verify, e.harm)
        for e in sorted(elements().values(), key=lambda e: e.id)
    ]
    connection.executemany("insert into standard.element values (?, ?, ?, ?, ?, ?)", rows)


def create_code(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `standard.code(code_set, code, name)`."""
    connection.execute("create or replace table standard.code (code_set varchar, code varchar, name varchar)")
    rows = [(name, code, title) for name, codes in sorted(code_sets().items()) for code, title in codes.items()]
    connection.executemany("insert into standard.code values (?, ?, ?)", rows)
