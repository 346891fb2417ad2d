"""The standardised tables of one contract, made from what a home has landed."""

from contextlib import contextmanager

from jiceng_pipeline.landing import index
from jiceng_pipeline.landing.standardise import tables
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise
from jiceng_pipeline_tests.landing.changing import CONTRACT


@contextmanager
def standardised(settings, contract):
    """Yield a database with the system's table, the quarantine and the conservation of rows."""
    made = {table.full_name: table for table in tables({contract.name: contract})}
    names = ("division", "division_alias", contract.table, "quarantine", "conservation")
    with connect(settings=settings) as connection:
        for name in names:
            materialise(connection, made[f"standard.{name}"], settings)
        yield connection


def conserved(settings, contract):
    """Return rows in, accepted and quarantined, after asserting that they add up."""
    with standardised(settings, contract) as connection:
        ((rows_in, accepted, quarantined),) = connection.execute(
            "select rows_in, rows_accepted, rows_quarantined from standard.conservation"
        ).fetchall()
    assert rows_in == accepted + quarantined
    return rows_in, accepted, quarantined


def in_force(register, contract=CONTRACT):
    """Return the names of the records in force, and of those that have ended."""
    with connect(settings=register.settings) as connection:
        rows = index.landed_rows(connection, contract, register.settings)
        found = connection.execute(f"select 姓名, is_current from ({rows}) order by all").fetchall()
    return {name for name, is_current in found if is_current}, {name for name, is_current in found if not is_current}


def counts(found):
    """Return what an increment brought: new, changed, ended, repeated."""
    return found.rows_new, found.rows_changed, found.rows_ended, found.rows_repeated
