"""Who gets a collected value (一次采集、多方利用): every system that holds the element and may have it, no other.

A system may have what it holds where its contract shares without condition; what is shared on condition goes to
a system that was granted that element of the collection: a grant whose actor is `system:<department>/<system>`,
dataset `collection`, elements, scope and purpose that cover the value (`returns.collected`). What is not shared is
sent to nobody else. Whether it still may have the value is asked once more when it is sent.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.kinds.outbox_answer import OutboxAnswer
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.returns import collected, grants
from jiceng_pipeline.returns.access import allows, covers, permit
from jiceng_pipeline.standard import register

ACT = "answer_write_back"
VERDICTS = {"taken_over": "已采用", "refused": "没有采用", "waiting": "还没有回音"}

Granted = Mapping[str, tuple[Entry[Grant], ...]]  # account of a system → what it was granted


@dataclass(frozen=True)
class Sent:
    """One collected value on its way to one system, and what that said to it; `number` is the event's."""

    number: int
    outbox: str
    system: str
    entity: Literal["resident", "enterprise"]
    entity_id: str
    element_id: str
    community_code: str
    verdict: str
    reason: str
    sent: datetime


def receivers(body: Intake, granted: Granted) -> Mapping[str, str]:
    """Return system → ground for every system that is sent this value; `granted` are the live grants by actor."""
    found: dict[str, str] = {}
    for name, contract in contracts().items():
        if contract.sharing == "not_shared" or not holds(contract, body):
            continue
        covering = (each.subject for each in granted.get(collected.actor_of(name), ()) if _covers(each.body, body))
        if ground := next(covering, None):
            found[name] = ground
    return found


def holds(contract: Contract, body: Intake) -> bool:
    """Say whether a system has a column for the element, of this kind of entity."""
    return contract.entity == body.entity and body.element_id in register.held(contract.columns.values())


def _covers(grant: Grant, body: Intake) -> bool:
    return allows(grant, collected.DATASET, body.community_code, "full", collected.PURPOSE, (body.element_id,))


def granted(ledger: Ledger) -> Granted:
    """Return actor → the grants that systems hold now."""
    actors = (collected.actor_of(name) for name in contracts())
    return {actor: tuple(grants.live(ledger, actor)) for actor in actors}


def send(ledger: Ledger, seq: int, body: Intake, grants: Granted) -> tuple[str, ...]:
    """Put the value of intake event `seq` into the outbox of each receiver; return them."""
    named = receivers(body, grants)
    for system, ground in named.items():
        out = Outbox(
            intake_seq=seq,
            system=system,
            entity=body.entity,
            entity_id=body.entity_id,
            element_id=body.element_id,
            community_code=body.community_code,
            ground=ground,
        )
        ledger.append("outbox", out.subject, out, "outbox", once=True)
    return tuple(named)


def answers(ledger: Ledger, scope: str) -> list[Sent]:
    """Return what was sent of the places whose code begins with `scope`, oldest first, with the answers so far."""
    return _sent(ledger, lambda body: covers(scope, body.community_code))


def received(ledger: Ledger, systems: Collection[str]) -> list[Sent]:
    """Return what was sent to these systems, oldest first, with the answers so far; no values."""
    return _sent(ledger, lambda body: body.system in systems)


def value(ledger: Ledger, actor: str, sent: Sent) -> Entry[Intake]:
    """Return what was collected, for the department it was sent to; that it was seen is in the audit before.

    Raise AccessDenied for who answers for another system, and where the system may not have the value any more.
    """
    leave = permit(ledger, actor, ACT, scope=sent.community_code, system=sent.system)
    seq = int(sent.outbox.rpartition(":")[2])
    found = next(views.entries(ledger, Intake, after=seq - 1, until=seq))
    may = sent.system in receivers(found.body, granted(ledger))
    seen = Audit(
        action="outbox", dataset=collected.DATASET, scope=sent.community_code, profile="full",
        purpose=collected.PURPOSE, outcome="served" if may else "denied", lacking=None if may else "grant",
        grant=leave.holder, channel="page", entity=sent.entity, entity_id=sent.entity_id, system=sent.system,
        rows=1 if may else None,
    )  # fmt: skip
    ledger.append("audit", seen.subject, seen, actor)
    if not may:
        raise AccessDenied("这个系统现在没有这一项采集值的授权", where=f"账号 {actor}", cure="请安全管理员给系统授权")
    return found


def _sent(ledger: Ledger, wanted: Callable[[Outbox], bool]) -> list[Sent]:
    said = views.standing(ledger, OutboxAnswer)
    found = []
    for entry in views.entries(ledger, Outbox):
        if wanted(entry.body):
            answer = said.get(entry.subject)
            found.append(
                Sent(
                    entry.seq,
                    entry.subject,
                    entry.body.system,
                    entry.body.entity,
                    entry.body.entity_id,
                    entry.body.element_id,
                    entry.body.community_code,
                    answer.body.verdict if answer else "waiting",
                    answer.body.reason if answer else "",
                    entry.at,
                )
            )
    return found


def answer(ledger: Ledger, actor: str, outbox: str, verdict: str, reason: str = "") -> OutboxAnswer:
    """Record what a department says to a value it was sent; raise UsageError for one that was not sent."""
    if not ledger.on("outbox", outbox):
        raise UsageError("没有送出过这一条", where=outbox, cure="用 jiceng collect answers 看编号")
    permit(ledger, actor, ACT, system=outbox.partition(":")[0])
    said = OutboxAnswer.model_validate({"outbox": outbox, "verdict": verdict, "reason": " ".join(reason.split())})
    ledger.append("outbox_answer", said.subject, said, actor)
    return said
