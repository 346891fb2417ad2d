"""Where a failing key is to be found at the department: its record, file and row; a query a system and kind of key."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import duckdb
import pyarrow as pa

from jiceng_pipeline.departments.contract import systems
from jiceng_pipeline.standard import register

# What is matched: a link says which record of a system speaks of an entity, a winner whose value stands.
_ENTITIES = {"resident_id": "resident", "enterprise_id": "enterprise"}


class Wanted(NamedTuple):
    """A failing key of one system; `kind` says what it is a key of, `element` which of its values fails."""

    system: str
    kind: str
    key: str
    element: str | None = None


class Place(NamedTuple):
    """One record as its department has it."""

    record_id: str | None = None
    file: str | None = None
    row: int | None = None


NOWHERE = Place()


def find(
    connection: duckdb.DuckDBPyConnection, wanted: Iterable[Wanted], known: frozenset[str]
) -> Mapping[Wanted, Place]:
    """Return the place of each key that has one; `known` holds the tables there are."""
    sought: dict[tuple[str, str, str | None], list[str]] = {}
    for each in sorted(set(wanted), key=lambda each: (each.system, each.kind, each.element or "", each.key)):
        sought.setdefault((each.system, each.kind, each.element), []).append(each.key)
    found: dict[Wanted, Place] = {}
    for (system, kind, element), keys in sought.items():
        contract = systems().get(system)
        own = f"standard.{contract.table}" if contract else ""
        if own in known and (select := _select(own, kind, element, known)):
            found |= {
                Wanted(system, kind, key, element): Place(record, file, row)
                for key, record, file, row in _run(connection, select, keys)
            }
        if kind == "record_id":
            found |= {place: Place(key) for key in keys if (place := Wanted(system, kind, key, element)) not in found}
    return found


def _select(own: str, kind: str, element: str | None, known: frozenset[str]) -> str | None:
    """Return the select of (key, place), one row a key: the current record, else the last.

    Of an entity that has several records in the system it is the one whose value stands.
    """
    place = "{'record_id': s.record_id, 'file': s.source_file, 'row': s.source_row}"
    if kind == "record_id":
        return f"""select key, arg_min({place}, (not s.is_current, s.source_file, s.source_row)) as place
            from wanted_key join {own} as s on s.record_id = key group by key"""
    entity = _ENTITIES.get(kind)
    link, winner = f"matching.{entity}_link", f"matching.{entity}_winner"
    if entity is None or link not in known:
        return None
    rank, chosen = "s.record_id", ""
    if winner in known and element in {each.id for each in register.elements_of(entity)}:
        rank = f"(coalesce(w.{element} <> s.record_id, true), s.record_id)"
        chosen = f"left join {winner} as w on w.entity_id = key"
    return f"""select key, arg_min({place}, {rank}) as place
        from wanted_key join {link} as l on l.entity_id = key
        join {own} as s on s.record_id = l.record_id and s.is_current {chosen} group by key"""


def _run(connection: duckdb.DuckDBPyConnection, select: str, keys: list[str]) -> list[tuple[str, str, str, int]]:
    connection.register("wanted_key", pa.table({"key": pa.array(keys, pa.string())}))
    try:
        return connection.execute(
            f"select key, place.record_id, place.file, place.row from ({select}) order by key"
        ).fetchall()
    finally:
        connection.unregister("wanted_key")
