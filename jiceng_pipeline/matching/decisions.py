"""What people decided (ledger kind `decision`): it overrides every score, and an undo is one more event."""

from typing import Literal

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.decision import Decision
from jiceng_pipeline.ledger.store import Ledger, open_ledger

Verdict = Literal["same", "different", "unsure"]


def decide(ledger: Ledger, entity: str, one: str, other: str, verdict: Verdict, reason: str, actor: str) -> Event:
    """Record that two records are the same, are different, or that nobody can tell."""
    if one == other:
        raise UsageError("两条记录是同一条", where="人工判定", cure="给出两条不同的记录")
    first, second = sorted((one, other))
    body = Decision.model_validate(
        {"entity": entity, "record_id_a": first, "record_id_b": second, "verdict": verdict, "reason": reason}
    )
    return ledger.append("decision", body.subject, body, actor)


def move(ledger: Ledger, entity: str, record: str, away_from: str, to: str, reason: str, actor: str) -> list[Event]:
    """Record that one record belongs with `to` and not with `away_from`; nothing else moves with it."""
    return [
        decide(ledger, entity, record, away_from, "different", reason, actor),
        decide(ledger, entity, record, to, "same", reason, actor),
    ]


def undo(ledger: Ledger, seq: int, reason: str, actor: str) -> Event | None:
    """Take back decision number `seq`, however many came after it; return the event, None where it stands no longer.

    What was said of the pair before it stands again. Raise UsageError where that number is no decision.
    """
    every = list(views.entries(ledger, Decision))
    undone = next((entry for entry in every if entry.seq == seq), None)
    if undone is None:
        raise UsageError(f"账本第 {seq} 条不是人工判定", where="人工判定", cure="用列出的判定编号")
    said = [entry for entry in every if entry.subject == undone.subject]
    if said[-1].seq != seq:
        return None
    verdict: Verdict = said[-2].body.verdict if len(said) > 1 else "unsure"
    body = undone.body
    return decide(ledger, body.entity, body.record_id_a, body.record_id_b, verdict, reason, actor)


def create_decision(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `matching.decision(entity, record_id_a, record_id_b, verdict)`: what stands, `unsure` left out."""
    with open_ledger(settings) as ledger:
        bodies = [entry.body for entry in views.standing(ledger, Decision).values()]
    rows = sorted((b.entity, b.record_id_a, b.record_id_b, b.verdict) for b in bodies if b.verdict != "unsure")
    connection.execute(
        """create or replace table matching.decision (
        entity varchar, record_id_a varchar, record_id_b varchar, verdict varchar)"""
    )
    if rows:
        connection.executemany("insert into matching.decision values (?, ?, ?, ?)", rows)


def create_pairs(connection: duckdb.DuckDBPyConnection, entity: str) -> None:
    """Create temp tables `decided_same(rid, other)` and `decided_different(rid, other)`, each pair both ways.

    Two records that are the same by way of others, and different by somebody's word, contradict each
    other: none of these "same" holds until a person has settled it.
    """
    for verdict in ("same", "different"):
        connection.execute(
            f"""create or replace temp table decided_{verdict} as
            with one as (
                select a.rid, b.rid as other
                from matching.decision as d
                join record as a on a.record_id = d.record_id_a join record as b on b.record_id = d.record_id_b
                where d.entity = '{entity}' and d.verdict = '{verdict}'
            )
            select rid, other from one union all select other, rid from one"""
        )
    create_components(connection, "decided_same", "same_group")
    connection.execute(
        """create or replace temp table same_group as
        select g.* from same_group as g anti join (
            select distinct a.label from decided_different as d
            join same_group as a on a.rid = d.rid join same_group as b on b.rid = d.other
            where a.label = b.label) as c using (label)"""
    )


def create_components(connection: duckdb.DuckDBPyConnection, edge: str, into: str) -> None:
    """Create temp table `into(rid, label)`: connected components of `edge(rid, other)` (each both ways)."""
    connection.execute(f"create or replace temp table {into} as select distinct rid, rid as label from {edge}")
    while True:
        connection.execute(
            f"""create or replace temp table next_label as
            with reached as (
                select e.rid, min(p.label) as label from {edge} as e join {into} as p on p.rid = e.other group by e.rid
            )
            select p.rid, least(p.label, r.label) as label from {into} as p join reached as r using (rid)"""
        )
        changed = connection.execute(
            f"select count(*) from {into} as p join next_label as n using (rid) where p.label <> n.label"
        ).fetchall()[0][0]
        connection.execute(f"create or replace temp table {into} as from next_label")
        if not changed:
            return
