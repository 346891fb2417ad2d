"""Founding records: an entity is named by the smallest record it ever had; of a day, only what it regrouped is asked.

So ids stay, and undo leaves no trace: entity_id = first 128 bits of SHA-256 over the instance's secret, the kind of
entity and the founding record, the one with the smallest (first landed, record_id), also when that is gone by now.

Clusters are called by numbers within one build; `founded(cluster_number, entity_id, record_id)` says which entity each
is and by which record, and `kept.member` where whoever was matched went.
"""

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import kept
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal

_LOW = 2**64 - 1

# instants are all written equally long: the smallest of both in one is the smallest of the first
_RECORD = "split_part(min(r.first_landed || ' ' || r.record_id), ' ', 2)"


def keyed(settings: Settings, kind: str, text: str) -> str:
    """Return SQL for the keyed hash of the SQL expression `text`, 32 hex digits."""
    return f"left(sha256({literal(settings.secret + '|' + kind + '|')} || {text}), 32)"


def create(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `founded` of all that is `prepared`, and view `placed_record`: each record with its cluster, and why.

    Needs `member_row`, and in `other` who of these has a number of his own.
    """
    entity_id = keyed(settings, matching.entity, "r.record_id")
    connection.execute(
        f"""create or replace temp view placed_record as
        select rid, record_id, place, is_current, landed, tid as cluster_number, 'identifier' as method,
            cast(null as integer) as weight, cast(null as varchar) as pattern
        from prepared anti join other using (rid) where tid is not null
        union all
        select r.rid, r.record_id, r.place, r.is_current, r.landed, m.cluster_number, m.method, m.weight, m.pattern
        from member_row as m join (
            select rid, record_id, place, is_current, landed from loose_row
            union all
            select rid, record_id, place, is_current, landed from prepared where rid in (from other)
        ) as r using (rid);
        create or replace temp table founder as
        select cluster_number, cast(first & {_LOW} as ubigint) as rid
        from (
            select cluster_number, min((cast(landed as uhugeint) << 64) | rid) as first
            from placed_record group by cluster_number);
        create or replace temp table founded_now as
        select f.cluster_number, {entity_id} as entity_id, r.record_id from founder as f join prepared as r using (rid);
        create or replace temp view founded as from founded_now;
        drop table founder"""
    )


def renew(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Bring `founded` up to date for the clusters that records came to or left.

    Needs `member`, of whoever is matched, and `altered_before(rid, tid, mark)`, by what those that altered were called.
    Leaves temp tables `renamed(cluster_number)`: no other cluster has another founding record, or has one no more; and
    `refounded(rid)`: whoever is in one of these.
    """
    connection.execute(
        """create or replace temp table regrouped as
        from altered
        union select coalesce(n.rid, k.rid) from member as n full join kept.member as k on k.rid = n.rid
        where n.cluster_number is distinct from k.cluster_number;
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
        select tid, rid, mark from entity_row where tid in (from unfounded) and rid not in (select rid from member);
        create or replace temp table founded_before as
        from kept.founded where cluster_number in (from unfounded);
        delete from kept.founded where cluster_number in (from unfounded)"""
    )
    connection.execute(
        f"""create or replace temp table founded_now as
        with r as (
            select content_mark, first_landed, record_id from {matching.records}
            where content_mark in (select mark from unfounded_member)
        ), first as (
            select m.cluster_number, {_RECORD} as record_id
            from unfounded_member as m join r on r.content_mark = m.mark group by m.cluster_number
        )
        select cluster_number, {keyed(settings, matching.entity, "record_id")} as entity_id, record_id from first;
        insert into kept.founded from founded_now;
        create or replace temp view founded as from kept.founded;
        create or replace temp table renamed as
        select coalesce(n.cluster_number, b.cluster_number) as cluster_number
        from founded_now as n full join founded_before as b on b.cluster_number = n.cluster_number
        where n.record_id is distinct from b.record_id;
        create or replace temp table refounded as
        select rid from unfounded_member where cluster_number in (from renamed)"""
    )


def create_rematched(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `rematched(rid)`: of whom something else is said than in `kept`, or of what is near to them."""
    connection.execute(
        """create or replace temp table rematched as
        select coalesce(n.rid, k.rid) as rid
        from member as n full join kept.member as k on k.rid = n.rid where n.said is distinct from k.said
        union select rid from member where near in (from renamed) or second in (from renamed)"""
    )


def keep(connection: duckdb.DuckDBPyConnection, *, is_whole: bool) -> None:
    """Keep what was said of whom, and, of a whole run, how all clusters are called."""
    kept.put(connection, "member", "select rid, cluster_number, said from member")
    if is_whole:
        kept.put(connection, "founded", "from founded_now")
