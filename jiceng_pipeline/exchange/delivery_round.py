"""One subscription's turn: what lies here and has not arrived first, then what the version served has to tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import AccessDenied, JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_making, delivery_step, delivery_target, subscription
from jiceng_pipeline.exchange.delivery_batch import Have
from jiceng_pipeline.exchange.delivery_sender import Lost, Sender
from jiceng_pipeline.exchange.delivery_step import Step
from jiceng_pipeline.exchange.delta_view import View
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import datasets, grants
from jiceng_pipeline.returns.access import Access, failed, served
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.publish import Version

State = Literal["delivered", "unchanged", "not_due", "paused", "ended", "denied", "waiting", "parked"]
STATES: dict[State, str] = {
    "delivered": "已送达", "unchanged": "没有变化", "not_due": "未到时间", "paused": "暂停", "ended": "已结束",
    "denied": "授权已失效，不送", "waiting": "没送成，下次再送", "parked": "对方拒收，等人处理",
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How the delivery of one subscription went: batches and rows handed over, and up to which number."""

    subscription_id: str
    state: State
    batches: int = 0
    rows: int = 0
    number: int = 0
    reason: str = ""


def why(failure: Exception) -> str:
    """Return what is said of a delivery that failed: of an error not ours its kind, for its text may quote values."""
    if isinstance(failure, JicengError):
        return failure.what
    return f"{'数据库' if isinstance(failure, duckdb.Error) else '程序'}出错（{type(failure).__name__}）"


@dataclass
class Round:
    """A subscription, the version being served, and what was handed over before."""

    settings: Settings
    ledger: Ledger
    receipts: Receipts
    wanted: Subscription
    version: Version

    def __post_init__(self) -> None:
        self.name = self.wanted.subscription_id
        self.sender = Sender(self.settings, self.receipts, self.name, self.wanted.subscriber)

    def outcome(self, *, now: bool) -> Outcome:
        """Deliver what is due and say how it went; nothing that goes wrong here touches another subscription."""
        if self.wanted.state != "active":
            if self.wanted.state == "ended":
                delivery_step.forget(self.settings, self.name)
            return self._told(self.wanted.state)
        if parked := self.receipts.parked(self.name):
            return self._told("parked", parked.reason)
        try:
            return self._delivered(now)
        except AccessDenied as denied:
            delivery_step.forget(self.settings, self.name)
            return self._told("denied", denied.what)
        except Exception as failure:
            return self._told("waiting", why(failure))

    def _delivered(self, now: bool) -> Outcome:
        address = delivery_target.find(self.settings, self.wanted.target)
        way = delivery_target.way(address["way"])
        have = way.have(self.name, address) or self.receipts.sent(self.name)
        steps = delivery_step.every(self.settings, self.name)
        last = steps[-1] if steps else None
        start = self.sender.start(have, steps)
        is_news = self._is_news(last)
        is_due = now or subscription.is_due(self.wanted, last.made if last else None, clock.now())
        if last and start and start > last.last and not (is_news and is_due) and self._is_granted(last):
            return self._told("not_due" if is_news else "unchanged")
        dataset = datasets.find(self.settings, self.wanted.dataset)
        access = subscription.leave(self.ledger, self.wanted, dataset, "deliver", self.version.name, "delivery")
        view = View(dataset, self.wanted, access)
        try:
            try:
                self._give(way, address, view, have, start, is_new=is_news and is_due)
            except Lost:  # only a receiver that says what it has in its answers can be met like that
                self._give(way, address, view, have, None, is_new=True)
        except BaseException:
            failed(self.ledger, access)
            raise
        served(self.ledger, access, self.sender.rows)
        if parked := self.receipts.parked(self.name):
            return self._told("parked", parked.reason)
        return self._told("delivered" if self.sender.batches else "unchanged")

    def _give(
        self, way: Any, address: Mapping[str, str], view: View, have: Have, start: int | None, *, is_new: bool
    ) -> None:
        """Send what lies here, if it may still go there, then make and send what is new; stop at a refusal.

        What is new is sent while the rest of it is being made.
        """
        steps = delivery_step.every(self.settings, self.name)
        last = steps[-1] if steps and start and self._may_follow(steps[-1], view.access) else None
        if last and not last.is_whole:
            delivery_making.finish(self.settings, view, last)
            steps = delivery_step.every(self.settings, self.name)
            last = steps[-1]
        if last and start and not self.sender.send(way, address, start, last.last):
            return
        if last and not is_new:
            return
        begun = delivery_step.begin(
            self.settings, view, self.version, last, after=self.sender.after(steps, have), encoding=way.ENCODING
        )
        if begun is None:
            delivery_step.note_looked(self.settings, self.name, self.version.name)
            return
        with delivery_making.making(self.settings, view, begun) as wait:
            self.sender.send(way, address, begun.first, begun.last, wait)

    def _is_news(self, last: Step | None) -> bool:
        """Say whether the version, or what is wanted of it, is another than the one last looked at."""
        if last is None or last.told["wanted"] != delivery_step.summary(self.wanted):
            return True
        return self.version.name not in {last.told["version"], delivery_step.looked(self.settings, self.name)}

    def _is_granted(self, last: Step) -> bool:
        """Say whether what the last step rests on still holds; leave to read is asked for in any other case."""
        return last.told["grant"] in {each.subject for each in grants.live(self.ledger, self.wanted.subscriber)}

    def _may_follow(self, last: Step, access: Access) -> bool:
        """Say whether what lies here may still go there; what was made under other rights may not.

        Nor may what was begun be finished where something else is wanted by now.
        """
        told, wanted = last.told, delivery_step.summary(self.wanted)
        is_same = told["grant"] == access.grant and told["target"] == self.wanted.target
        if not last.is_whole:
            is_there = told["version"] in publish.versions(self.settings)
            return bool(is_same and is_there and told["wanted"] == wanted)
        return bool(is_same and told["wanted"]["dataset"] == self.wanted.dataset)

    def _told(self, state: State, reason: str = "") -> Outcome:
        return Outcome(
            self.name, state, self.sender.batches, self.sender.rows, self.receipts.sent(self.name).number, reason
        )
