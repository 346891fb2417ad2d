"""What is compared: each record's features and shared values, as temporary tables; text only where text is compared."""

from collections.abc import Iterator

import duckdb

from jiceng_pipeline.matching import macros
from jiceng_pipeline.matching.model import Matching, Value


def create(connection: duckdb.DuckDBPyConnection, matching: Matching, only: str = "true") -> None:
    """Create temp tables `record`, `face`, `block_face` and `value` of the records where the SQL `only` holds.

    `record(rid, record_id, is_current, identifier, borrowed)` numbers the records in the order of their
    ids. `face(rid, ...)` has the features that are compared, `block_face(rid, ...)` numbers for those
    that blocks are made of, `value(rid, kind, value)` numbers for what records share; `kind` is the
    place of a value in the declaration.
    """
    macros.create(connection)
    connection.execute(
        f"""create or replace temp table record as
        select cast(row_number() over (order by r.record_id) as uinteger) as rid, r.record_id, r.is_current,
            case when not a.is_borrowed then a.identifier end as identifier,
            case when a.is_borrowed then a.identifier end as borrowed
        from {matching.records} as r left join matching.{matching.entity}_anchor as a using (record_id)
        where {only}"""
    )
    joined = []
    for number, lookup in enumerate(matching.lookups):
        _create_lookup(connection, matching, number)
        joined.append(f"left join lookup_{number} as l_{number} using ({', '.join(lookup.of)})")
    features = dict(matching.sql())
    faced, blocked = matching.compared(), matching.blocked()
    shared = [
        (kind, name, column, f"v_{kind}_{number}")
        for kind, (name, declared) in enumerate(matching.values.items())
        for number, column in enumerate(declared.columns)
    ]
    cells = [
        *(f"{features[name]} as f_{name}" for name in faced),
        *(f"{_number(name, features[name])} as b_{name}" for name in blocked),
        *(f"{_number(name, column)} as {cell}" for _, name, column, cell in shared),
    ]
    connection.execute(
        f"""create or replace temp table prepared as
        select n.rid, {", ".join(cells)} from {matching.records} as r join record as n using (record_id)
        left join matching.{matching.entity}_anchor as a using (record_id) {" ".join(joined)}"""
    )
    for table, prefix, names in (("face", "f", faced), ("block_face", "b", blocked)):
        columns = ", ".join(f"{prefix}_{name} as {name}" for name in names)
        connection.execute(f"create or replace temp view {table} as select rid, {columns} from prepared")
    values = " union all ".join(
        f"select rid, cast({kind} as utinyint) as kind, {cell} as value from prepared where {cell} is not null"
        for kind, _, _, cell in shared
    )
    connection.execute(f"create or replace temp table value as {values}")


def _create_lookup(connection: duckdb.DuckDBPyConnection, matching: Matching, number: int) -> None:
    lookup = matching.lookups[number]
    cells = ", ".join(f"{sql} as {name}" for name, sql in lookup.features.items())
    of = ", ".join(lookup.of)
    connection.execute(
        f"""create or replace temp table lookup_{number} as
        select {of}, {cells} from (select distinct {of} from {matching.records} semi join record using (record_id))"""
    )


def _number(name: str, sql: str) -> str:
    """Return SQL: a number that stands for a value, another for each feature."""
    return f"md5_number_lower('{name}|' || cast({sql} as varchar))"


def create_stopped(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp table `stopped(kind, value)`: what more entities hold than declared."""
    limits = ", ".join(f"({kind}, {each.holders})" for kind, each in _limited(matching))
    connection.execute(
        f"""create or replace temp table stopped as
        with often as (
            select v.kind, v.value, l.holders
            from value as v join (values {limits}) as l (kind, holders) on l.kind = v.kind
            group by v.kind, v.value, l.holders having count(*) > l.holders
        )
        select o.kind, o.value
        from often as o join value as v on v.kind = o.kind and v.value = o.value join record as r on r.rid = v.rid
        group by o.kind, o.value, o.holders
        having count(distinct r.identifier) + count(distinct r.rid) filter (where r.identifier is null) > o.holders"""
    )


def _limited(matching: Matching) -> Iterator[tuple[int, Value]]:
    yield from ((kind, each) for kind, each in enumerate(matching.values.values()) if each.holders)


def remove_stopped(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove from `value` what `stopped` lists."""
    connection.execute("delete from value where (kind, value) in (select (kind, value) from stopped)")
