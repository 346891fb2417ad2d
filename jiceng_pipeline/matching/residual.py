"""The residual, first form: records without a usable identifier join where a whole key agrees exactly.

First with anchored entities; where that points to two, it is left alone and reviewed. What remains
is clustered among itself: records that share a key, and those that share one with them.
"""

from itertools import product

import duckdb

from jiceng_pipeline.matching.model import AnyOf, Matching

_ROUNDS = 50  # a chain of fifty records by exact keys would be no person; it would be a broken feed


def key_select(matching: Matching) -> str:
    """Return the select of (record_id, key): one row for each key a record has whole."""
    parts = []
    for label, columns in matching.keys.items():
        choices = [column.any if isinstance(column, AnyOf) else (column,) for column in columns]
        for chosen in product(*choices):
            cells = ", ".join(f"cast({column} as varchar)" for column in chosen)
            present = " and ".join(f"{column} is not null" for column in chosen)
            key = f"concat_ws(chr(31), '{label}', {cells})"
            parts.append(f"select record_id, {key} as key from {matching.records} where {present}")
    return " union ".join(parts)


def resolve(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Fill temp table `cluster(record_id, cluster, method)` and `ambiguous(record_id, identifier)`."""
    entity = matching.entity
    connection.execute(f"create or replace temp table record_key as {key_select(matching)}")
    connection.execute(
        f"""create or replace temp table candidate as
        with anchored as (
            select distinct k.key, a.identifier from record_key as k
            join matching.{entity}_anchor as a on a.record_id = k.record_id and not a.is_borrowed
        )
        select k.record_id, min(c.identifier) as identifier, count(distinct c.identifier) as entities
        from record_key as k join anchored as c using (key)
        where k.record_id not in (select record_id from matching.{entity}_anchor where not is_borrowed)
        group by k.record_id"""
    )
    connection.execute(
        f"""create or replace temp table cluster as
        select record_id, 'i' || identifier as cluster, 'identifier' as method
        from matching.{entity}_anchor where not is_borrowed
        union all
        select record_id, 'i' || identifier, 'residual' from candidate where entities = 1"""
    )
    _components(connection, matching)
    connection.execute(
        """insert into cluster
        select record_id, 'r' || label,
            case when count(*) over (partition by label) > 1 then 'pool' else 'single' end
        from pool_label"""
    )


def _components(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Fill temp table `pool_label(record_id, label)`: connected components, named by their smallest record."""
    connection.execute(
        f"""create or replace temp table pool_label as
        select record_id, record_id as label from {matching.records} anti join cluster using (record_id)"""
    )
    for _ in range(_ROUNDS):
        connection.execute(
            """create or replace temp table next_label as
            with best as (
                select k.key, min(p.label) as label
                from record_key as k join pool_label as p using (record_id) group by k.key
            ), reached as (
                select k.record_id, min(b.label) as label from record_key as k join best as b using (key)
                group by k.record_id
            )
            select p.record_id, least(p.label, coalesce(r.label, p.label)) as label
            from pool_label as p left join reached as r using (record_id)"""
        )
        changed = connection.execute(
            "select count(*) from pool_label as p join next_label as n using (record_id) where p.label <> n.label"
        ).fetchall()[0][0]
        connection.execute("create or replace temp table pool_label as from next_label")
        if not changed:
            return
