"""What is compared: each record's features and shared values, as temporary tables; text only where text is compared."""

from collections.abc import Iterable, Iterator

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import macros
from jiceng_pipeline.matching.model import Matching, Value
from jiceng_pipeline.standard.macro import literal


def create(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, only: str = "true") -> None:
    """Create temp tables `record`, `face`, `block_face` and `value` of the records where the SQL `only` holds.

    `record(rid, record_id, is_current, identifier, borrowed)`: the number of a record is the beginning of its
    id, so both have one order. `face(rid, ...)` has the features that are compared, `block_face(rid, ...)`
    numbers for those that blocks are made of, `value(rid, kind, value)` numbers for what records share;
    `kind` is the place of a value in the declaration.
    """
    macros.create(connection)
    joined = []
    for number, lookup in enumerate(matching.lookups):
        _create_lookup(connection, settings, matching, number)
        joined.append(f"left join lookup_{number} as l_{number} using ({', '.join(lookup.of)})")
    terms = "".join(f", {sql} as {name}" for name, sql in matching.terms.items())
    source = f"""(
        select r.*{terms}, case when not a.is_borrowed then a.identifier end as own_identifier,
            case when a.is_borrowed then a.identifier end as borrowed_identifier
        from {matching.records} as r left join matching.{matching.entity}_anchor as a using (record_id)
        where {only}) as r {" ".join(joined)}"""
    features = dict(matching.sql())
    faced, blocked = matching.compared(), matching.blocked()
    shared = [
        (kind, name, column, f"v_{kind}_{number}")
        for kind, (name, declared) in enumerate(matching.values.items())
        for number, column in enumerate(declared.columns)
    ]
    looked_up = {name for lookup in matching.lookups for name in lookup.features}
    plain = [name for name in (*blocked, *matching.counted()) if name not in looked_up]
    types = _types(connection, [*(features[name] for name in plain), *(column for *_, column, _ in shared)], source)
    cells = [
        *(f"{features[name]} as f_{name}" for name in faced),
        *(
            f"{features[name]}_number as b_{name}"
            if name in looked_up
            else f"{_number(settings, name, features[name], types[features[name]])} as b_{name}"
            for name in dict.fromkeys((*blocked, *matching.counted()))
        ),
        *(
            # what may come onto a stop-list is known by a keyed hash and nothing else
            f"{_number(settings, name, column, 'VARCHAR' if matching.values[name].holders else types[column])}"
            f" as {cell}"
            for _, name, column, cell in shared
        ),
    ]
    connection.execute(
        f"""create or replace temp table prepared as
        select record_number(r.record_id) as rid, r.record_id, r.is_current, r.own_identifier as identifier,
            r.borrowed_identifier as borrowed, {", ".join(cells)}
        from {source}"""
    )
    connection.execute(
        "create or replace temp view record as select rid, record_id, is_current, identifier, borrowed from prepared"
    )
    for table, prefix, names in (("face", "f", faced), ("block_face", "b", blocked)):
        columns = ", ".join(f"{prefix}_{name} as {name}" for name in names)
        connection.execute(f"create or replace temp view {table} as select rid, {columns} from prepared")
    values = " union all ".join(
        f"select rid, cast({kind} as utinyint) as kind, {cell} as value from prepared where {cell} is not null"
        for kind, _, _, cell in shared
    )
    connection.execute(f"create or replace temp table value as {values}")


def _create_lookup(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, number: int) -> None:
    lookup = matching.lookups[number]
    cells = ", ".join(f"{sql} as {name}" for name, sql in lookup.features.items())
    numbered = {*matching.blocked(), *matching.counted()} & set(lookup.features)
    numbers = "".join(f", {_number(settings, name, name, 'VARCHAR')} as {name}_number" for name in sorted(numbered))
    of = ", ".join(lookup.of)
    connection.execute(
        f"""create or replace temp table lookup_{number} as
        select *{numbers} from (select {of}, {cells} from (select distinct {of} from {matching.records}))"""
    )


def _types(connection: duckdb.DuckDBPyConnection, expressions: Iterable[str], source: str) -> dict[str, str]:
    """Return the SQL type of each expression."""
    every = list(dict.fromkeys(expressions))
    cells = ", ".join(f"{sql} as c_{place}" for place, sql in enumerate(every))
    rows = connection.execute(f"describe select {cells} from {source}").fetchall()
    return {sql: row[1] for sql, row in zip(every, rows, strict=True)}


def _number(settings: Settings, name: str, sql: str, kind: str) -> str:
    """Return SQL: a number that stands for a value among those of one feature; a text's is a keyed hash."""
    if kind == "DATE":
        return f"cast(date_diff('day', date '0001-01-01', {sql}) as ubigint)"
    if kind in ("BIGINT", "INTEGER", "UBIGINT"):
        return f"cast({sql} as ubigint)"
    return f"md5_number_lower({literal(f'{settings.secret}|{name}|')} || cast({sql} as varchar))"


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
