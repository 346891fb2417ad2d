"""Sole records: who has one record only needs no choosing, so what that says stands, and is not written once more.

What stands of them are views over the candidates; chosen and written is only what stands of the others, the disputed.
A person's word is to be chosen, too.
"""

from collections.abc import Collection, Mapping, Sequence

import duckdb

from jiceng_pipeline.matching import frozen, household
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element


def shared(candidates: str) -> str:
    """Return a select of the entity_id of whoever has several of these `candidates`, a select of their ids."""
    return f"select entity_id from ({candidates}) group by entity_id having count(*) > 1"


def disputed(connection: duckdb.DuckDBPyConnection, entity: str) -> str:
    """Return SQL: the candidate c is of an entity of which has to be chosen what stands."""
    if not frozen.elements(connection, entity):
        return "not c.is_sole"
    words = f"select entity_id from matching.frozen_cell where entity = {literal(entity)}"
    return f"(not c.is_sole or c.entity_id in ({words}))"


def held(connection: duckdb.DuckDBPyConnection, entity: str) -> frozenset[str]:
    """Return the columns of `matching.<entity>_standing`: among them the elements of which any value stands."""
    return frozenset(name for name, *_ in connection.execute(f"describe matching.{entity}_standing").fetchall())


def stands(connection: duckdb.DuckDBPyConnection, entity: str, elements: Collection[str]) -> str:
    """Return a select of every candidate: entity_id, record_id, system, record_date, and whose value stands.

    That is a column of each of the `elements`: whether it is the one of this record. To ask that of the winner means
    to join with themselves all who have no other record.
    """
    columns, of = "c.entity_id, c.record_id, c.system, c.record_date", held(connection, entity)
    said, chosen = dict[str, str](), dict[str, str]()
    for name in elements:
        said[name] = f"c.{name} is not null"
        chosen[name] = f"coalesce(c.record_id = w.records[w.{name}], false)" if name in of else "false"
    return f"""select {columns}{_more(said)} from {_sole(connection, entity)}
        union all
        select {columns}{_more(chosen)} from matching.{entity}_candidate as c
        join matching.{entity}_standing as w on w.entity_id = c.entity_id"""


def create_winner(
    connection: duckdb.DuckDBPyConnection, entity: str, every: Sequence[Element], held: Collection[str]
) -> None:
    """Create view `matching.<entity>_winner`: per element the record_id whose value stands, of every entity.

    Needs `matching.<entity>_standing` of the disputed, with the elements that are `held`.
    """
    said, chosen = dict[str, str](), dict[str, str]()
    for each in every:
        is_held = each.id in held
        said[each.id] = f"case when c.{each.id} is not null then c.record_id end" if is_held else "null"
        chosen[each.id] = f"records[{each.id}]" if is_held else "cast(null as varchar)"
    connection.execute(
        f"""create or replace view matching.{entity}_winner as
        select entity_id{_more(chosen)} from matching.{entity}_standing
        union all
        select c.entity_id{_more(said)} from {_sole(connection, entity)}"""
    )


def create_golden(connection: duckdb.DuckDBPyConnection, entity: str, every: Sequence[Element]) -> None:
    """Create view `matching.<entity>_golden`: the values that stand, and how many say so, of every entity.

    Needs `matching.<entity>_chosen`, the same of the disputed.
    """
    cells = "".join(f", c.{name}" for name in (*(each.id for each in every), *household.named(entity)))
    counted = ", record_count, system_count, source_systems, source_date"
    one = ", 1 as record_count, 1 as system_count, c.system as source_systems, c.record_date as source_date"
    connection.execute(
        f"""create or replace view matching.{entity}_golden as
        select c.entity_id{cells}{counted} from matching.{entity}_chosen as c
        union all
        select c.entity_id{cells}{one} from {_sole(connection, entity)}"""
    )


def _sole(connection: duckdb.DuckDBPyConnection, entity: str) -> str:
    return f"matching.{entity}_candidate as c where not {disputed(connection, entity)}"


def _more(cells: Mapping[str, str]) -> str:
    return "".join(f", {sql} as {name}" for name, sql in cells.items())
