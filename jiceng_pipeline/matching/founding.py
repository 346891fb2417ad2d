"""Founding records: an entity is named by the smallest record it ever had; of a day, only what it regrouped is asked.

Clusters are called by numbers within one build; `kept.founded(cluster_number, entity_id)` says which entity each is,
`kept.member` where whoever was matched went, and `kept.grouped` of which records and which matches both were said.
"""

import duckdb

from jiceng_pipeline.matching import kept
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.warehouse.connection import has_table

# instants are all written equally long: the smallest of both in one is the smallest of the first
RECORD = "split_part(min(r.first_landed || ' ' || r.record_id), ' ', 2)"


def renew(connection: duckdb.DuckDBPyConnection, matching: Matching, entity_id: str, *, is_whole: bool) -> None:
    """Bring `kept.founded` up to date for the clusters that records came to or left, or forget it where all is new.

    `entity_id` is SQL over a group of records r. Needs `member(rid, cluster_number, said)`, of whoever is matched; of
    a day, `rematched` and `altered_before(rid, tid, mark)`, by what those that altered were called.
    """
    if is_whole:
        connection.execute("drop table if exists kept.founded")
    elif has_table(connection, "main.founded", "kept"):
        _renew(connection, matching, entity_id)
    connection.execute(
        f"""create or replace table kept.member as select rid, cluster_number, said from member;
        create or replace table kept.grouped as {_grouped(matching)}"""
    )


def create_rematched(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `rematched(rid, is_regrouped)`: of whom something else is said than in `kept`."""
    connection.execute(
        """create or replace temp table rematched as
        select coalesce(n.rid, k.rid) as rid, n.cluster_number is distinct from k.cluster_number as is_regrouped
        from member as n full join kept.member as k on k.rid = n.rid where n.said is distinct from k.said"""
    )


def keep(connection: duckdb.DuckDBPyConnection) -> None:
    """Put `founded` into `kept`."""
    connection.execute(
        f"""begin;
        create table kept.founded (cluster_number ubigint, entity_id {kept.ID});
        insert into kept.founded from founded;
        commit"""
    )


def is_kept(connection: duckdb.DuckDBPyConnection, matching: Matching) -> bool:
    """Say whether what `kept` has of clusters is of the records and matches there are."""
    if not has_table(connection, "main.grouped", "kept"):
        return False
    same = connection.execute(f"select (from kept.grouped) = ({_grouped(matching)})").fetchall()[0][0]
    return bool(same)


def _renew(connection: duckdb.DuckDBPyConnection, matching: Matching, entity_id: str) -> None:
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
        select m.cluster_number, {entity_id} from unfounded_member as m join r on r.content_mark = m.mark
        group by m.cluster_number;
        insert into kept.relinked
        from altered
        union select rid from rematched
        union select rid from unfounded_member where cluster_number in (
            select cluster_number from (from kept.founded where cluster_number in (from unfounded)) as n
            left join founded_before as b using (cluster_number) where n.entity_id is distinct from b.entity_id)"""
    )


def _grouped(matching: Matching) -> str:
    """Return a select of one text that says of which records and which matches something was made."""
    match = f"matching.{matching.entity}_match"
    return f"""select concat_ws(' ', records, marks, matches, clusters) as grouped
        from (select count(*) as records, sum(content_mark) as marks from {matching.records}),
            (select count(*) as matches, sum(hash(record_id, cluster_number)) as clusters from {match})"""
