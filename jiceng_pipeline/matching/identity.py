"""Identity over time: an entity is named by its founding record, so ids stay and undo leaves no trace.

entity_id = first 128 bits of SHA-256 over the instance's secret, the kind of entity and the founding
record: the one with the smallest (first landed, record_id), also when that record is gone by now.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import anchor, residual
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal


def keyed(settings: Settings, kind: str, text: str) -> str:
    """Return SQL for the keyed hash of the SQL expression `text`, 32 hex digits."""
    return f"left(sha256({literal(settings.secret + '|' + kind + '|')} || {text}), 32)"


def create_anchor(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_anchor`."""
    connection.execute(f"create or replace table matching.{matching.entity}_anchor as {anchor.select(matching)}")


def create_link(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_link(record_id, system, entity_id, method, is_current)`, one row a record."""
    residual.resolve(connection, matching)
    connection.execute(
        f"""create or replace table matching.{matching.entity}_link as
        with founding as (
            select c.cluster, min(r.first_landed || '|' || r.record_id) as record
            from cluster as c join {matching.records} as r using (record_id)
            group by c.cluster
        )
        select c.record_id, r.system, {keyed(settings, matching.entity, "substr(f.record, strpos(f.record, '|') + 1)")}
            as entity_id, c.method, r.is_current
        from cluster as c join founding as f using (cluster) join {matching.records} as r using (record_id)
        order by c.record_id"""
    )


def create_review(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create `matching.<entity>_review(record_id, entity_id, reason)`: what a person should look at.

    `borrowed`: the record carries the valid number of that entity under an incompatible name.
    `ambiguous`: it agrees with that entity and at least one more.
    """
    entity = matching.entity
    connection.execute(f"create or replace temp table record_key as {residual.key_select(matching)}")
    connection.execute(
        f"""create or replace table matching.{entity}_review as
        with owner as (
            select distinct a.identifier, l.entity_id from matching.{entity}_anchor as a
            join matching.{entity}_link as l using (record_id) where not a.is_borrowed
        ), agreeing as (
            select distinct k.record_id, l.entity_id
            from record_key as k join record_key as o using (key) join matching.{entity}_link as l
                on l.record_id = o.record_id and l.method = 'identifier'
            where k.record_id not in (select record_id from matching.{entity}_anchor where not is_borrowed)
        )
        select b.record_id, o.entity_id, 'borrowed' as reason
        from matching.{entity}_anchor as b join owner as o using (identifier) where b.is_borrowed
        union all
        select record_id, entity_id, 'ambiguous' from agreeing
        qualify count(*) over (partition by record_id) > 1
        order by all"""
    )
