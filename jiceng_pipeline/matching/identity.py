"""Identity over time: an entity is named by its founding record, so ids stay and undo leaves no trace.

entity_id = first 128 bits of SHA-256 over the instance's secret, the kind of entity and the founding
record: the one with the smallest (first landed, record_id), also when that record is gone by now.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import anchor, decisions, features, macros, residual, statistics, versions
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal


def keyed(settings: Settings, kind: str, text: str) -> str:
    """Return SQL for the keyed hash of the SQL expression `text`, 32 hex digits."""
    return f"left(sha256({literal(settings.secret + '|' + kind + '|')} || {text}), 32)"


def create_anchor(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_anchor`."""
    macros.create(connection)
    connection.execute(f"create or replace table matching.{matching.entity}_anchor as {anchor.select(matching)}")


def create_match(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_match`, one row a record: where it went, and what came near.

    Columns: record_id, cluster_id (smallest record of its cluster), method, weight (hundredths of a bit)
    and pattern (level of every comparison) of what decided it; near_record_id, near_weight,
    second_record_id, second_weight: the two best entities, by their smallest record.
    """
    features.create(connection, matching)
    version = versions.read(settings, matching.entity, versions.named(connection, matching.entity))
    versions.load(connection, settings, matching, version)
    statistics.apply(connection)
    decisions.create_pairs(connection, matching.entity)
    residual.resolve(connection, matching, version.weights)
    connection.execute(
        f"""create or replace table matching.{matching.entity}_match as
        with smallest as (select tid, min(rid) as rid from cluster group by tid)
        select r.record_id, f.record_id as cluster_id, c.method, c.weight, c.pattern,
            one.record_id as near_record_id, n.weight as near_weight,
            two.record_id as second_record_id, n.second_weight
        from cluster as c join record as r using (rid)
        join smallest as s on s.tid = c.tid join record as f on f.rid = s.rid
        left join near as n on n.rid = c.rid
        left join record as one on one.rid = n.tid
        left join record as two on two.rid = n.second
        order by r.record_id"""
    )


def create_link(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_link(record_id, system, entity_id, method, is_current, weight, pattern)`.

    One row a record.
    """
    entity = matching.entity
    connection.execute(
        f"""create or replace table matching.{entity}_link as
        with founding as (
            select m.cluster_id, min(r.first_landed || '|' || r.record_id) as record
            from matching.{entity}_match as m join {matching.records} as r using (record_id)
            group by m.cluster_id
        ), named as (
            select cluster_id, {keyed(settings, entity, "substr(record, strpos(record, '|') + 1)")} as entity_id
            from founding
        )
        select m.record_id, r.system, n.entity_id, m.method, r.is_current, m.weight, m.pattern
        from matching.{entity}_match as m join named as n using (cluster_id)
        join {matching.records} as r using (record_id)
        order by m.record_id"""
    )


def create_review(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_review(record_id, entity_id, reason)`: what a person should look at.

    `borrowed`: the record carries the valid number of that entity under an incompatible name.
    `ambiguous`: it agrees with that entity and at least one more. `possible`: with that one, not quite enough.
    """
    entity = matching.entity
    link, margin = round(matching.link * 100), round(matching.margin * 100)
    connection.execute(
        f"""create or replace table matching.{entity}_review as
        with owner as (
            select distinct a.identifier, l.entity_id from matching.{entity}_anchor as a
            join matching.{entity}_link as l using (record_id) where not a.is_borrowed
        ), apart as (
            select * from matching.{entity}_match
            where method in ('pool', 'single') and near_weight >= {link - _GREY_BITS * 100}
        ), close as (
            select record_id, near_record_id as other, second_weight >= {link - _GREY_BITS * 100}
                and near_weight - second_weight < {margin} as is_ambiguous from apart
            union all
            select record_id, second_record_id, true from apart
            where second_weight >= {link - _GREY_BITS * 100} and near_weight - second_weight < {margin}
        )
        select b.record_id, o.entity_id, 'borrowed' as reason
        from matching.{entity}_anchor as b join owner as o using (identifier) where b.is_borrowed
        union all
        select c.record_id, l.entity_id, case when c.is_ambiguous then 'ambiguous' else 'possible' end
        from close as c join matching.{entity}_link as l on l.record_id = c.other
        order by all"""
    )


_GREY_BITS = 4  # this far below the link weight a person is still asked
