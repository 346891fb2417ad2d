"""差量 (deltas): what a subscriber has to be told to get from what was handed over last to what the version says.

    insert      came into sight: new, or moved in
    split       came into sight out of another row that the subscriber has (`other_key`)
    update      says something else, or is shown otherwise
    corrected   says something else because an error was mended: at the source, by a decision, in a dispute
    merged      is one with another row that the subscriber has (`other_key`); take it away
    left_scope  is no longer the subscriber's to see: moved out, died, condition, narrowed; take it away
    delete      is no longer there; take it away

Which rows follows from the fingerprints of what was handed over, and so holds whatever happened to versions in
between. Why is told by the version that was delivered last, for as long as it is held; without it a row that
went has been deleted and one that came is new.
"""

from pathlib import Path

import duckdb

from jiceng_pipeline.exchange.delta_view import NOW, View
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import has_table

REMOVING = ("delete", "left_scope", "merged")
BEFORE = "before"  # the alias of the version delivered last
_LINKED = ("resident", "enterprise")


def create(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    state: Path | None,
    *,
    has_before: bool = False,
    is_redefined: bool = False,
) -> int:
    """Create temp view `delta(n, position, row_key, operation, reason, other_key)` and return its rows.

    Needs `seen` of the view; `state` is the file of fingerprints, None: everything is an insert. `is_redefined`:
    the subscription or its rights were changed since.
    """
    known = (
        f"read_parquet({literal(str(state))})"
        if state
        else "(select '' as row_key, 0::ubigint as shown, 0::ubigint as raw limit 0)"
    )
    connection.execute(
        f"""create or replace temp table differing as
        select coalesce(s.row_key, k.row_key) as row_key, s.position,
            case when k.row_key is null then 'insert' when s.row_key is null then 'delete'
                else 'update' end as operation,
            case when s.row_key is not null and k.row_key is not null
                and coalesce(s.raw, s.shown) = coalesce(k.raw, k.shown) then 'masked' end as reason
        from seen as s full join {known} as k on k.row_key = s.row_key
        where s.shown is distinct from k.shown"""
    )
    for part in ("went", "came", "mended"):
        connection.execute(
            f"""create or replace temp table {part}
            (row_key varchar, operation varchar, reason varchar, other_key varchar)"""
        )
    if state and view.entity:
        _explain(connection, view, known, has_before, is_redefined)
    connection.execute(
        f"""create or replace temp view delta as
        select row_number() over () as n, * from (
            select d.position, d.row_key, coalesce(t.operation, d.operation) as operation,
                coalesce(t.reason, d.reason, {_USUAL}) as reason, t.other_key
            from differing as d left join (from went union all from came union all from mended) as t using (row_key)
            order by d.position nulls last, d.row_key)"""
    )
    rows: int = connection.execute("select count(*) from differing").fetchall()[0][0]
    return rows


_USUAL = "case d.operation when 'insert' then 'new' when 'delete' then 'ended' else 'changed' end"


def _explain(
    connection: duckdb.DuckDBPyConnection, view: View, known: str, has_before: bool, is_redefined: bool
) -> None:
    """Fill `went`, `came` and `mended` with what is known of why."""
    entity = view.entity
    table, key = f"governance.{entity}", view.key
    is_inside = view.access.where("g.community_code")
    died = "g.death_date is not null" if entity == "resident" else "false"
    if has_table(connection, table, NOW):
        connection.execute(
            f"""insert into went
            select d.row_key, 'left_scope', case when {died} then 'died'
                when not coalesce({is_inside}, false) then {"'narrowed'" if is_redefined else "'moved_out'"}
                else {"'narrowed'" if is_redefined else "'condition'"} end, null
            from differing as d join {NOW}.{table} as g on g.{key} = d.row_key where d.operation = 'delete'"""
        )
    if not has_before:
        return
    if has_table(connection, table, BEFORE):
        outside = f"case when not coalesce({is_inside}, false) then 'moved_in' else 'met' end"
        why = "'widened'" if is_redefined else outside
        connection.execute(
            f"""insert into came
            select d.row_key, 'insert', {why}, null
            from differing as d join {BEFORE}.{table} as g on g.{key} = d.row_key where d.operation = 'insert'"""
        )
    if entity in _LINKED and all(has_table(connection, f"matching.{entity}_link", side) for side in (NOW, BEFORE)):
        _regrouped(connection, f"matching.{entity}_link", known)
        _mended(connection, f"matching.{entity}_link", str(entity))


def _regrouped(connection: duckdb.DuckDBPyConnection, link: str, known: str) -> None:
    """Tell what merged and split: the records say where an entity that is gone went, and a new one came from."""
    connection.execute(
        f"""create or replace temp table regrouped as
        select b.entity_id as was, n.entity_id as becomes, count(*) as records
        from {BEFORE}.{link} as b join {NOW}.{link} as n using (record_id)
        where b.entity_id <> n.entity_id group by all"""
    )
    best = "qualify row_number() over (partition by d.row_key order by records desc, {}) = 1"
    connection.execute(
        f"""insert into went
        select d.row_key, if(s.row_key is null, 'left_scope', 'merged'), if(s.row_key is null, 'merged_away', 'same'),
            s.row_key
        from differing as d join regrouped as r on r.was = d.row_key left join seen as s on s.row_key = r.becomes
        where d.operation = 'delete' and d.row_key not in (select row_key from went)
        {best.format("becomes")}"""
    )
    connection.execute(
        f"""insert into came
        select d.row_key, 'split', 'different', k.row_key
        from differing as d join regrouped as r on r.becomes = d.row_key join {known} as k on k.row_key = r.was
        where d.operation = 'insert' and d.row_key not in (select row_key from came)
        {best.format("was")}"""
    )


def _mended(connection: duckdb.DuckDBPyConnection, link: str, entity: str) -> None:
    """Tell which updates mend something: records regrouped, a failing value now sound, a dispute decided."""
    found = [
        "select was as row_key, 'regrouped' as reason, 1 as rank from regrouped",
        "select becomes, 'regrouped', 1 from regrouped",
    ]
    if all(has_table(connection, "quality.failure", side) for side in (NOW, BEFORE)):
        found.append(
            f"""select l.entity_id, 'source', 3 from {BEFORE}.quality.failure as f
            join {NOW}.{link} as l on l.record_id = f.record_key and l.is_current
            anti join {NOW}.quality.failure as still on still.rule_id = f.rule_id and still.record_key = f.record_key"""
        )
    if all(has_table(connection, "quality.dispute", side) for side in (NOW, BEFORE)):
        found.append(
            f"""select b.entity_id, 'dispute', 2 from {BEFORE}.quality.dispute as b
            anti join {NOW}.quality.dispute as still on still.state = 'open'
                and still.entity_id = b.entity_id and still.element_id = b.element_id
            where b.state = 'open' and b.entity = {literal(entity)}"""
        )
    connection.execute(
        f"""insert into mended
        select d.row_key, 'corrected', arg_min(f.reason, f.rank), null
        from differing as d join ({" union all ".join(found)}) as f using (row_key)
        where d.operation = 'update' and d.reason is null group by d.row_key"""
    )
