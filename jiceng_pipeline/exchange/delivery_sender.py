"""Sending (送出): the batches that lie here, in order, and again what the receiver lacks; each leaves a receipt."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_step
from jiceng_pipeline.exchange.delivery_batch import Batch, Hand, Have
from jiceng_pipeline.exchange.delivery_making import Waiting
from jiceng_pipeline.exchange.delivery_step import Step
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.chain import GENESIS

_REWINDS = 3  # how often a receiver may ask for earlier batches within one delivery


class Lost(SourceUnreachable):
    """A receiver asks for a batch that does not lie here any more."""


@dataclass
class Sender:
    """What is sent under one name, for one receiver; counts what has been handed over."""

    settings: Settings
    receipts: Receipts
    name: str
    actor: str
    batches: int = 0
    rows: int = 0

    def start(self, have: Have, steps: list[Step]) -> int | None:
        """Return the number of the batch a receiver needs next; None where what lies here leads nowhere for it."""
        if not steps or have.number > steps[-1].last:
            return None
        if have.number < steps[0].first:
            is_next = have.number + 1 == steps[0].first and have.hash == steps[0].told["after"]
            return steps[0].first if steps[0].is_baseline or is_next else None
        return have.number + 1 if have.hash == self.receipts.hash(self.name, have.number) else None

    def after(self, steps: list[Step], have: Have) -> Have:
        """Return the last batch that anybody may have seen: numbers are never given twice."""
        made = Have(steps[-1].last, steps[-1].told.get("hash", GENESIS)) if steps else have
        return max((self.receipts.last(self.name), made, have), key=lambda each: each.number)

    def send(
        self, way: Any, address: Mapping[str, str], number: int, until: int, wait: Waiting = lambda _: None
    ) -> bool:
        """Send the batches from `number` on, and again what the receiver lacks; False where it refuses one.

        `wait` returns when the batch of a number is made. Raise Lost where what the receiver lacks is not here.
        """
        rewinds = 0
        with _Line(way, address) as line:
            while number <= until:
                wait(number)
                batch = delivery_step.batch(self.settings, self.name, number)
                got = self._handed(line, batch) if batch else None
                if got is None:
                    return False
                if got.number < number:
                    rewinds += 1
                    if delivery_step.batch(self.settings, self.name, got.number + 1) is None:
                        raise Lost("对方缺的批次已不在这里", where=self.name, cure="重发全量")
                    if rewinds > _REWINDS:
                        raise SourceUnreachable("对方缺的批次补不齐", where=self.name, cure="下次交付时再补")
                number = got.number + 1
        return True

    def _handed(self, line: "_Line", batch: Batch) -> Have | None:
        """Hand over one batch and write the receipt; None where the receiver refuses it."""
        try:
            got = line.hand(batch) or Have(batch.number, batch.hash)
        except SourceRejected as refused:
            self.receipts.write(batch, "parked", self.actor, refused.what)
            return None
        except SourceUnreachable as failure:
            self.receipts.write(batch, "failed", self.actor, failure.what)
            raise
        if got.number >= batch.number:
            self.receipts.write(batch, "sent", self.actor)
            self.batches, self.rows = self.batches + 1, self.rows + batch.manifest["rows"]
        return got


class _Line(ExitStack):
    """The connection to a receiver: made for the first batch, so that a failure to connect is that batch's."""

    def __init__(self, way: Any, address: Mapping[str, str]) -> None:
        super().__init__()
        self._way, self._address = way, address

    def hand(self, batch: Batch) -> Have | None:
        return self._hand(batch)

    @cached_property
    def _hand(self) -> Hand:
        hand: Hand = self.enter_context(self._way.sending(self._address))
        return hand
