"""Founding records: an entity is named by the smallest record it ever had; of a day, only what it regrouped is asked.

So ids stay, and undo leaves no trace: entity_id = first 128 bits of SHA-256 over the instance's secret, the kind of
entity and the founding record, the one with the smallest (first landed, record_id), also when that is gone by now.

Clusters are called by numbers within one build; `kept.founded(cluster_number, entity_id)` says which entity each is,
and `kept.member` where whoever was matched went.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import kept
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal

# instants are all written equally long: the smallest of both in one is the smallest of the first
_RECORD = "split_part(min(r.first_landed || ' ' || r.record_id), ' ', 2)"


def keyed(settings: Settings, kind: str, text: str) -> str:
    """Return SQL for the keyed hash of the SQL expression `text`, 32 hex digits."""
    return f"left(sha256({literal(settings.secret + '|' + kind + '|')} || {text}), 32)"


def create_rematched(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `rematched(rid, is_regrouped)`: of whom something else is said than in `kept`."""
    connection.execute(
        """create or replace temp table rematched as
        select coalesce(n.rid, k.rid) as rid, n.cluster_number is distinct from k.cluster_number as is_regrouped
        from member as n full join kept.member as k on k.rid = n.rid where n.said is distinct from k.said"""
    )


def keep(connection: duckdb.DuckDBPyConnection) -> None:
    """Put `member` into `kept`."""
    kept.put(connection, "member", "select rid, cluster_number, said from member")


def renew(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Bring `kept.founded` up to date for the clusters that records came to or left.

    Needs `member(rid, cluster_number, said)`, of whoever is matched, `rematched` and `altered_before(rid, tid, mark)`,
    by what those that altered were called. Leaves temp table `relinked(rid)`: of nobody else the link is another.
    """
    connection.execute(
        """create or replace temp table regrouped as
        from altered union select rid from rematched where is_regrouped;
        create or replace temp table unfounded as
        select distinct cluster_number from (
            select cluster_number from kept.member where rid in (from regrouped)
            union all select cluster_number from member where rid in (from regrouped)
            union all select tid from altered_before where tid is not null
            union all select tid from entity_row where rid in (from regrouped));
        create or replace temp table unfounded_member as
        select cluster_number, rid, mark
        from (from member where cluster_number in (from unfounded)) join fact using (rid)
        union all
        select tid, rid, mark from entity_row where tid in (from unfounded) and rid not in (select rid from member)"""
    )
    connection.execute(
        f"""create or replace temp table founded_before as
        from kept.founded where cluster_number in (from unfounded);
        delete from kept.founded where cluster_number in (from unfounded);
        insert into kept.founded
        with r as (
            select content_mark, first_landed, record_id from {matching.records}
            where content_mark in (select mark from unfounded_member)
        )
        select m.cluster_number, {keyed(settings, matching.entity, _RECORD)}
        from unfounded_member as m join r on r.content_mark = m.mark
        group by m.cluster_number;
        create or replace temp table relinked as
        from altered
        union select rid from rematched
        union select rid from unfounded_member where cluster_number in (
            select cluster_number from (from kept.founded where cluster_number in (from unfounded)) as n
            left join founded_before as b using (cluster_number) where n.entity_id is distinct from b.entity_id)"""
    )
