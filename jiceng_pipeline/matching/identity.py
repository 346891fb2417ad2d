"""Identity over time: an entity is named by its founding record, so ids stay and undo leaves no trace.

entity_id = first 128 bits of SHA-256 over the instance's secret, the kind of entity and the founding
record: the one with the smallest (first landed, record_id), also when that record is gone by now.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import anchor, decisions, features, macros, residual, statistics, training, versions
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

    By the model version in force; where there is none, one is trained and pinned first.

    Columns: record_id, cluster_id (smallest record of its cluster), method, weight (hundredths of a bit)
    and pattern (level of every comparison) of what decided it; near_record_id, near_weight,
    second_record_id, second_weight: the two best entities, by their smallest record.
    """
    features.create(connection, settings, matching)
    version = versions.in_force(settings, matching.entity) or training.trained(
        connection, settings, matching, "首次同步"
    )
    versions.load(connection, matching, version)
    statistics.apply(connection)
    decisions.create_pairs(connection, matching.entity)
    residual.resolve(connection, matching, version.weights)
    connection.execute(
        f"""create or replace table matching.{matching.entity}_match as
        with smallest as (select tid, is_alone, min(rid) as rid from cluster group by tid, is_alone)
        select r.record_id, f.record_id as cluster_id, c.method, c.weight, c.pattern,
            one.record_id as near_record_id, n.weight as near_weight,
            two.record_id as second_record_id, n.second_weight
        from cluster as c join record as r using (rid)
        join smallest as s on s.tid = c.tid and s.is_alone = c.is_alone join record as f on f.rid = s.rid
        left join near as n on n.rid = c.rid
        left join record as one on one.rid = n.tid
        left join record as two on two.rid = n.second
        order by c.rid"""
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
