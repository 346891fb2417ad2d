"""What records said before: every contents of those that have had more than one, with the days it stood.

`standard.<entity>_version` is made of all of landing, read through the index, and standardised as contracts
and code sets say today. It holds the elements whose history is kept (`history: true` in the register).
"""

from collections.abc import Iterable
from datetime import date

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import force, index, snapshot, standard_values
from jiceng_pipeline.landing.snapshot import day
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import ENTITIES, Element, Entity, elements_of
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.table import Table

_UPDATED = standard_values.UPDATED
_DATED = {"record_id": "varchar", "system": "varchar", "from_date": "date", "to_date": "date", "updated_date": "date"}


def kept(entity: str) -> tuple[Element, ...]:
    """Return the elements of an entity whose history is kept."""
    return tuple(each for each in elements_of(entity) if each.history)


def deliveries(contracts: Iterable[Contract], settings: Settings) -> list[tuple[str, date]]:
    """Return (system, day) of every day on which a system delivered all that it has."""
    return sorted(
        {
            (contract.name, snapshot.local_date(each.stamp))
            for contract in contracts
            for each in force.taken(settings, contract)
            if not force.is_increment(each)
        }
    )


def tables(contracts: tuple[Contract, ...]) -> tuple[Table, ...]:
    """Return one table for each entity some of whose elements have a history."""
    return tuple(
        _table(entity, tuple(each for each in contracts if each.entity == entity))
        for entity in ENTITIES
        if kept(entity) and any(each.entity == entity for each in contracts)
    )


def _table(entity: Entity, contracts: tuple[Contract, ...]) -> Table:
    def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        columns = ", ".join(f"{each.id} {each.sql_type}" for each in kept(entity))
        connection.execute(
            f"""create or replace table standard.{entity}_version (
            {", ".join(f"{name} {kind}" for name, kind in _DATED.items())}, {columns})"""
        )
        parts = [(each, part) for each in contracts if (part := _select(connection, each, settings))]
        if parts:
            held = register.held(element for contract, _ in parts for element in contract.columns.values())
            name, every = f"standard.{entity}_version", " union all ".join(part for _, part in parts)
            blank.create(connection, name, every, {*_DATED, *held})

    return Table(
        "standard",
        f"{entity}_version",
        f"{ENTITIES[entity]}记录的历次内容",
        "内容变过或已经结束的记录，每次的内容和起止日期",
        frozenset(f"standard.{contract.table}" for contract in contracts),
        build,
    )


def _select(connection: duckdb.DuckDBPyConnection, contract: Contract, settings: Settings) -> str | None:
    """Return the select of one system's versions; what was not so at the end of any day was never seen."""
    found = index.versions(connection, contract, settings)
    if found is None:
        return None
    held = register.held(contract.columns.values())
    cells = ", ".join(
        f"{f's.{each.id}' if each.id in held else f'cast(null as {each.sql_type})'} as {each.id}"
        for each in kept(contract.entity)
    )
    updated = f"s.{_UPDATED}" if _UPDATED in held else "cast(null as date)"
    narrow = _narrowed(contract)
    # before its values are made: most of what a day corrects never stood at the end of one
    stood = f"select * from ({found.earlier}) where {day('first_landed')} < {day('until')}"
    return f"""select s.record_id, {literal(contract.name)} as system, {day("s.first_landed")} as from_date,
            {day("s.until")} as to_date, {updated} as updated_date, {cells}
        from ({standard_values.system_select(narrow, stood, ["until"])}) as s
        union all
        select s.record_id, s.system, {day("l.since")}, null, {updated}, {cells}
        from standard.{contract.table} as s join ({found.later}) as l on l.record_id = s.record_id
        where s.is_current"""


def _narrowed(contract: Contract) -> Contract:
    """Return the contract with the columns alone that a version needs: every other costs time."""
    wanted = {_UPDATED, *(each.id for each in kept(contract.entity))}
    columns = {column: element for column, element in contract.columns.items() if element in wanted}
    return contract.model_copy(update={"columns": columns})
