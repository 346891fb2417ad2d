"""采集值送达 (outbox): what communities collected, on its way to each department system that holds the element.

The forms write one outbox event a value and system, with the ground on which the system may have it; here they go out
as numbered batches, one stream a system, to the target that bears the system's name in `subscribers.yaml`
(`civil_affairs__elderly_allowance`). A department finds its record by what it wrote itself: file, row, name and number.
Its answer comes back through the forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.exchange import delivery_batch, delivery_step, delivery_target
from jiceng_pipeline.exchange.delivery_batch import ROWS, Have
from jiceng_pipeline.exchange.delivery_round import Outcome, State
from jiceng_pipeline.exchange.delivery_sender import Sender
from jiceng_pipeline.exchange.delivery_step import Step
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect, identifier
from jiceng_pipeline.warehouse.publish import Version

DATASET = "outbox"
UNCONDITIONAL = "unconditional"
TITLE = "社区采集的值"
_IDENTIFIERS = {"resident": ("name", "citizen_id"), "enterprise": ("enterprise_name", "unified_social_credit_code")}
_COLUMNS = {
    "entity": "对象", "entity_id": "对象编号", "element_id": "数据项", "element_title": "数据项名称",
    "value": "采集的值", "kind": "采集或核实", "community_code": "社区代码", "collected_date": "采集日期",
    "source_file": "贵方文件", "source_row": "贵方文件中的行",
    "own_name": "贵方记录的名称", "own_number": "贵方记录的号码",
}  # fmt: skip
_SELECT = f"""select 'insert' as _operation, kind as _reason, key as _key, cast(null as varchar) as _other_key,
    {", ".join(f"cast({identifier(c)} as varchar) as {identifier(c)}" for c in _COLUMNS)}
    from value order by key"""


@dataclass(frozen=True)
class Sent:
    """A value on its way: what was collected, and to whom it goes on which ground."""

    outbox: Entry[Outbox]
    intake: Entry[Intake]


def deliver(settings: Settings, ledger: Ledger, receipts: Receipts, version: Version) -> list[Outcome]:
    """Deliver to every system what it has not been sent, and say how each went; call it with the lock held."""
    waiting: dict[str, list[Sent]] = {}
    standing = _grounds(ledger)
    for each in every(ledger):
        if each.outbox.body.ground in standing:
            waiting.setdefault(each.outbox.body.system, []).append(each)
    return [
        _Stream(settings, receipts, contracts()[system], version).outcome(found)
        for system, found in sorted(waiting.items())
        if system in contracts()
    ]


def every(ledger: Ledger, system: str | None = None) -> list[Sent]:
    """Return the values on their way, of one system or of all, oldest first."""
    intakes = {entry.seq: entry for entry in views.entries(ledger, Intake)}
    return [
        Sent(entry, intakes[entry.body.intake_seq])
        for entry in views.entries(ledger, Outbox)
        if system in {None, entry.body.system} and entry.body.intake_seq in intakes
    ]


def stream(system: str) -> str:
    """Return the name under which a system's values go out."""
    return f"{DATASET}__{system.replace('/', '__')}"


def _grounds(ledger: Ledger) -> frozenset[str]:
    """Return the grounds that hold now: sharing without condition, and every grant that has not ended."""
    held = (subject for subject, entry in views.standing(ledger, Grant).items() if _lasts(entry.body))
    return frozenset({UNCONDITIONAL, *held})


def _lasts(grant: Grant) -> bool:
    return grant.until is None or clock.now() < grant.until


@dataclass(frozen=True)
class _Stream:
    settings: Settings
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
            state = "delivered" if self._sent(sender, found) else "unchanged"
        except JicengError as failure:
            state, reason = "waiting", failure.what
        except duckdb.Error as error:  # its text may quote values
            state, reason = "waiting", f"数据库出错（{type(error).__name__}）"
        if parked := self.receipts.parked(name):
            state, reason = "parked", parked.reason
        return Outcome(name, state, sender.batches, sender.rows, self.receipts.sent(name).number, reason)

    def _sent(self, sender: Sender, found: Sequence[Sent]) -> int:
        """Send what lies here, then what is new; return how many batches arrived."""
        address = delivery_target.find(self.settings, self.contract.table)
        way = delivery_target.way(address["way"])
        have = way.have(sender.name, address) or self.receipts.sent(sender.name)
        steps = delivery_step.every(self.settings, sender.name)
        start = sender.start(have, steps)
        if steps and start and not sender.send(way, address, start, steps[-1].last):
            return sender.batches
        # a receiver that cannot go on from what lies here gets everything again, as a baseline
        is_anew = start is None
        done = 0 if is_anew else int(steps[-1].told["seq"])
        new = [each for each in found if each.outbox.seq > done]
        if new:
            after = sender.after(steps, have)
            made = self._made(sender.name, new, after, encoding=way.ENCODING, is_anew=is_anew)
            sender.send(way, address, made.first, made.last)
        return sender.batches

    def _made(self, name: str, new: Sequence[Sent], after: Have, *, encoding: str, is_anew: bool) -> Step:
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
                    **self._facts(name, rows, is_anew), "number": number, "part": part, "parts": len(parts),
                    "previous_hash": hash,
                }  # fmt: skip
                place = draft / delivery_batch.name(number)
                hash = delivery_batch.write(connection, place, encoding, _SELECT, told).hash
            step = {
                "first": after.number + 1, "last": after.number + len(parts), "after": after.hash, "hash": hash,
                "is_baseline": is_anew, "seq": new[-1].outbox.seq, "made": clock.now().isoformat(),
            }  # fmt: skip
            delivery_step.write(draft, step)
        return Step(target, step)

    def _facts(self, name: str, rows: Sequence[Sent], is_anew: bool) -> Mapping[str, object]:
        grounds = sorted({each.outbox.body.ground for each in rows})
        return {
            "subscription": name, "subscriber": self.contract.name, "dataset": DATASET, "title": TITLE,
            "kind": "baseline" if is_anew else "delta", "version": self.version.name, "previous_version": None,
            "scope": "*", "conditions": [], "profile": "full", "purpose": "采集值送达",
            "grant": "、".join(grounds)[:200], "access": rows[-1].outbox.receipt, "row_key": "outbox",
            "columns": [{"name": c, "type": "VARCHAR", "title": t, "mask": "原样"} for c, t in _COLUMNS.items()],
            "next_columns": None, "created": clock.now().isoformat(), "rows": len(rows),
            "operations": {"insert": len(rows)},
        }  # fmt: skip

    def _create_values(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[Sent]) -> None:
        """Create temp table `value`: what was collected, with the system's own record of that entity."""
        told = [
            [
                each.outbox.subject, body.entity, body.entity_id, body.element_id, element(body.element_id).title,
                body.value, body.kind, body.community_code, str(body.collected_date),
            ]
            for each in rows
            for body in (each.intake.body,)
        ]  # fmt: skip
        names = ("key", *list(_COLUMNS)[:8])
        listed = ", ".join(f"unnest(?) as {identifier(name)}" for name in names)
        columns = [list(each) for each in zip(*told, strict=True)]
        connection.execute(f"create or replace temp table collected as select {listed}", columns)
        entity, table = self.contract.entity, f"now.standard.{self.contract.table}"
        own = [c for c in _IDENTIFIERS.get(entity, ()) if c in self.contract.columns.values()]
        cells = [f"any_value({identifier(c)})" if c in own else "null" for c in _IDENTIFIERS.get(entity, ("", ""))]
        connection.execute(
            f"""create or replace temp table value as
            select c.*, o.source_file, o.source_row, o.own_name, o.own_number
            from collected as c left join (
                select l.entity_id, min(s.source_file) as source_file, cast(min(s.source_row) as varchar) as source_row,
                    {cells[0]} as own_name, {cells[1]} as own_number
                from {table} as s join now.matching.{entity}_link as l using (record_id)
                where s.is_current group by l.entity_id) as o on o.entity_id = c.entity_id"""
        )
