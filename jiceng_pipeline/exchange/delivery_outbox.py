"""采集值送达 (outbox): what communities collected, on its way to each department system that holds the element.

The forms write one outbox event a value and system; here they go out as numbered batches, one stream a system, to the
target that bears the system's name in `subscribers.yaml` (`civil_affairs__elderly_allowance`), as far as the system
has leave now (`outbox_leave`). A department finds its record by what it wrote itself: file, row, name and number.
Its answer comes back through the forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.exchange import delivery_batch, delivery_step, delivery_target, outbox_leave
from jiceng_pipeline.exchange.delivery_batch import ROWS, Have
from jiceng_pipeline.exchange.delivery_round import Outcome, State, why
from jiceng_pipeline.exchange.delivery_sender import Lost, Sender
from jiceng_pipeline.exchange.delivery_step import Step
from jiceng_pipeline.exchange.outbox_leave import TITLE, Leave, Sent
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import collected, grants
from jiceng_pipeline.returns.access import failed, served
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect, identifier
from jiceng_pipeline.warehouse.publish import Version

DATASET = "outbox"
_IDENTIFIERS = {"resident": ("name", "citizen_id"), "enterprise": ("enterprise_name", "unified_social_credit_code")}
_COLUMNS = {
    "entity": "对象", "entity_id": "对象编号", "element_id": "数据项", "element_title": "数据项名称",
    "value": "采集的值", "kind": "采集或核实", "community_code": "社区代码", "collected_date": "采集日期",
    "source_file": "贵方文件", "source_row": "贵方文件中的行",
    "own_name": "贵方记录的名称", "own_number": "贵方记录的号码",
}  # fmt: skip
_SELECT = f"""select 'insert' as _operation, kind as _reason, key as _key, cast(null as varchar) as _other_key,
    {", ".join(f"cast({identifier(c)} as varchar) as {identifier(c)}" for c in _COLUMNS)}
    from value order by number"""


def deliver(settings: Settings, ledger: Ledger, receipts: Receipts, version: Version) -> list[Outcome]:
    """Deliver to every system what it has not been sent, and say how each went; call it with the lock held."""
    waiting: dict[str, list[Sent]] = {}
    for each in outbox_leave.every(ledger):
        waiting.setdefault(each.outbox.body.system, []).append(each)
    return [
        _Stream(settings, ledger, receipts, contracts()[system], version).outcome(found)
        for system, found in sorted(waiting.items())
        if system in contracts()
    ]


def stream(system: str) -> str:
    """Return the name under which a system's values go out."""
    return f"{DATASET}__{system.replace('/', '__')}"


@dataclass(frozen=True)
class _Stream:
    settings: Settings
    ledger: Ledger
    receipts: Receipts
    contract: Contract
    version: Version

    def outcome(self, found: Sequence[Sent]) -> Outcome:
        name = stream(self.contract.name)
        sender = Sender(self.settings, self.receipts, name, self.contract.name)
        state: State = "unchanged"
        reason = ""
        if parked := self.receipts.parked(name):
            return Outcome(name, "parked", number=self.receipts.sent(name).number, reason=parked.reason)
        try:
            try:
                state, reason = self._sent(sender, found)
            except Lost:
                state, reason = self._sent(sender, found, is_anew=True)
        except Exception as failure:  # nothing that goes wrong here touches another system
            state, reason = "waiting", why(failure)
        if parked := self.receipts.parked(name):
            state, reason = "parked", parked.reason
        return Outcome(name, state, sender.batches, sender.rows, self.receipts.sent(name).number, reason)

    def _sent(self, sender: Sender, found: Sequence[Sent], *, is_anew: bool = False) -> tuple[State, str]:
        """Send what lies here, then what is new, as far as there is leave; return how it went."""
        address = delivery_target.find(self.settings, self.contract.table)
        way = delivery_target.way(address["way"])
        have = way.have(sender.name, address) or self.receipts.sent(sender.name)
        steps = delivery_step.every(self.settings, sender.name)
        after, start = sender.after(steps, have), None if is_anew else sender.start(have, steps)
        if start and not all(set(step.told["grants"]) <= self._live() for step in steps if step.last >= start):
            delivery_step.forget(self.settings, sender.name)
            start = None
        # a receiver that cannot go on from what lies here gets everything again, as a baseline
        arrived = [step for step in steps if start and step.last < start]
        pending = steps[len(arrived) :] if start else []
        if not (asked := _after(arrived, found)):
            return "unchanged", ""
        leave = outbox_leave.ask(self.ledger, self.contract.name, asked, self.version.name)
        new = _after([*arrived, *pending], leave.values)
        is_whole = False
        try:
            is_whole = not (start and pending) or sender.send(way, address, start, pending[-1].last)
            if is_whole and new:
                made = self._made(sender.name, new, leave, after, encoding=way.ENCODING, is_anew=start is None)
                is_whole = sender.send(way, address, made.first, made.last)
        finally:
            for access, count in zip(leave.accesses, leave.counts, strict=True):
                if is_whole:
                    served(self.ledger, access, count)
                else:
                    failed(self.ledger, access)
        if sender.batches:
            return "delivered", leave.lacking
        return ("denied", leave.lacking) if leave.held else ("unchanged", "")

    def _live(self) -> frozenset[str]:
        actor = collected.actor_of(self.contract.name)
        return frozenset(entry.subject for entry in grants.live(self.ledger, actor))

    def _made(self, name: str, new: Sequence[Sent], leave: Leave, after: Have, *, encoding: str, is_anew: bool) -> Step:
        folder = delivery_step.place(self.settings, name)
        with files.storage(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / delivery_batch.name(after.number + 1)
        parts = [new[begin : begin + ROWS] for begin in range(0, len(new), ROWS)]
        versions = {"now": self.version.database}
        with connect(settings=self.settings, attach=versions) as connection, files.new_folder(target) as draft:
            hash = after.hash
            for part, rows in enumerate(parts, 1):
                number = after.number + part
                self._create_values(connection, rows)
                told = {
                    **self._facts(name, leave, is_anew), "number": number, "part": part, "parts": len(parts),
                    "previous_hash": hash, "rows": len(rows), "operations": {"insert": len(rows)},
                }  # fmt: skip
                place = draft / delivery_batch.name(number)
                hash = delivery_batch.write(connection, place, encoding, _SELECT, told).hash
            held = [each.outbox.seq for each in leave.held]
            step = {
                "first": after.number + 1, "last": after.number + len(parts), "after": after.hash, "hash": hash,
                "is_baseline": is_anew, "seq": max(each.outbox.seq for each in (*new, *leave.held)),
                "held": held, "grants": sorted(leave.grants), "made": clock.now().isoformat(),
            }  # fmt: skip
            delivery_step.write(draft, step)
        return Step(target, step)

    def _facts(self, name: str, leave: Leave, is_anew: bool) -> Mapping[str, object]:
        scopes = {each.scope for each in leave.accesses}
        return {
            "subscription": name, "subscriber": self.contract.name, "dataset": DATASET, "title": TITLE,
            "kind": "baseline" if is_anew else "delta", "version": self.version.name, "previous_version": None,
            "scope": scopes.pop() if len(scopes) == 1 else "*", "conditions": [], "profile": "full",
            "purpose": collected.PURPOSE, "grant": "、".join(sorted(leave.grants))[:200],
            "access": "、".join(each.receipt for each in leave.accesses), "row_key": "outbox",
            "columns": [{"name": c, "type": "VARCHAR", "title": t, "mask": "原样"} for c, t in _COLUMNS.items()],
            "next_columns": None, "created": clock.now().isoformat(),
        }  # fmt: skip

    def _create_values(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[Sent]) -> None:
        """Create temp table `value`: what was collected, with the system's own record of that entity.

        The record of which it was said leads to the entity also after that has merged; of several records of one
        system the first is named, whole.
        """
        told = [
            [
                each.outbox.subject, body.entity, body.entity_id, body.element_id, element(body.element_id).title,
                body.value, body.kind, body.community_code, str(body.collected_date), body.record_id, number,
            ]
            for number, each in enumerate(rows)
            for body in (each.intake.body,)
        ]  # fmt: skip
        names = ("key", *list(_COLUMNS)[:8], "record_id", "number")
        # by its type: a column that says nothing at all would be one of numbers
        kinds = {name: "bigint[]" if name == "number" else "varchar[]" for name in names}
        listed = ", ".join(f"unnest(cast(? as {kind})) as {identifier(name)}" for name, kind in kinds.items())
        columns = [list(each) for each in zip(*told, strict=True)]
        connection.execute(f"create or replace temp table collected as select {listed}", columns)
        entity, table = self.contract.entity, f"now.standard.{self.contract.table}"
        link = f"now.matching.{entity}_link"
        own = [c for c in _IDENTIFIERS.get(entity, ()) if c in self.contract.columns.values()]
        cells = [identifier(c) if c in own else "null" for c in _IDENTIFIERS.get(entity, ("", ""))]
        connection.execute(
            f"""create or replace temp table value as
            with own as (
                select l.entity_id, s.source_file, cast(s.source_row as varchar) as source_row,
                    {cells[0]} as own_name, {cells[1]} as own_number
                from {table} as s join {link} as l using (record_id) where s.is_current
                qualify row_number() over (
                    partition by l.entity_id order by s.source_file, s.source_row, s.record_id) = 1
            )
            select c.* exclude (record_id) replace (coalesce(l.entity_id, c.entity_id) as entity_id),
                o.source_file, o.source_row, o.own_name, o.own_number
            from collected as c left join {link} as l on l.record_id = c.record_id
            left join own as o on o.entity_id = coalesce(l.entity_id, c.entity_id)"""
        )


def _after(steps: Sequence[Step], found: Sequence[Sent]) -> list[Sent]:
    """Return the values that the last of these steps did not have in it: later ones, and those it held back."""
    if not steps:
        return list(found)
    told = steps[-1].told
    return [each for each in found if each.outbox.seq > told["seq"] or each.outbox.seq in told["held"]]
