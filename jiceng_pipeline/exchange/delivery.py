"""交付 (delivery): give every subscriber what is due, in order, until the receiver has it; each batch leaves a receipt.

What cannot be delivered stays and is tried again; nothing newer is made before. What a receiver refuses is parked
until somebody has looked. A receiver that lost a batch, or all, gets it again.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import Locked, NothingPublished, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_outbox, delivery_step, delivery_target, party, subscription
from jiceng_pipeline.exchange.delivery_round import Outcome, Round
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets
from jiceng_pipeline.returns.access import failed, served
from jiceng_pipeline.warehouse import publish


def deliver(settings: Settings, names: tuple[str, ...] = (), *, now: bool = False) -> list[Outcome]:
    """Deliver what is due, of the subscriptions named or of all and the outbox, and say how each went.

    With `now` the rhythm is not waited for. Raise NothingPublished before the first version, Locked where
    another process is delivering.
    """
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有可以交付的版本", where=str(settings.published), cure="先运行 jiceng sync")
    with _lock(settings), open_ledger(settings) as ledger:
        receipts = Receipts(ledger)
        known = subscription.every(ledger)
        for name in names:
            subscription.find(ledger, name)
        outcomes = [
            Round(settings, ledger, receipts, wanted, version).outcome(now=now)
            for name, wanted in known.items()
            if not names or name in names
        ]
        return outcomes if names else [*outcomes, *delivery_outbox.deliver(settings, ledger, receipts, version)]


def replay(settings: Settings, name: str, first: int, last: int, actor: str) -> Outcome:
    """Send batches again that were handed over.

    Raise AccessDenied unless `actor` may subscribe for that division and what the batches rest on still holds,
    UsageError where one is no longer here.
    """
    if not 1 <= first <= last:
        raise UsageError("批号的先后不对", where=f"{first}–{last}", cure="从小到大写，最小是 1")
    with _lock(settings), open_ledger(settings) as ledger:
        wanted, receipts = subscription.find(ledger, name), Receipts(ledger)
        party.permit_here(ledger, actor, "subscribe", wanted.scope)
        dataset = datasets.find(settings, wanted.dataset)
        access = subscription.leave(ledger, wanted, dataset, "deliver", channel="delivery")
        address = delivery_target.find(settings, wanted.target)
        rows = 0
        try:
            with delivery_target.way(address["way"]).sending(address) as hand:
                for number in range(first, last + 1):
                    batch = delivery_step.batch(settings, name, number)
                    if batch is None or batch.manifest["grant"] != access.grant:
                        raise UsageError(
                            f"第 {number} 批已不在这里",
                            where=name,
                            cure="用 jiceng subscription resume --anew 重发全量",
                        )
                    hand(batch)
                    receipts.write(batch, "sent", wanted.subscriber)
                    rows += batch.manifest["rows"]
        except BaseException:
            failed(ledger, access)
            raise
        served(ledger, access, rows)
        return Outcome(name, "delivered", last - first + 1, rows, last)


def resume(settings: Settings, name: str, actor: str, *, anew: bool = False) -> None:
    """Try a parked batch again at the next delivery or, with `anew`, begin with a new baseline.

    Raise AccessDenied unless `actor` may subscribe for that division.
    """
    with _lock(settings), open_ledger(settings) as ledger:
        wanted, receipts = subscription.find(ledger, name), Receipts(ledger)
        party.permit_here(ledger, actor, "subscribe", wanted.scope)
        if parked := receipts.parked(name):
            receipts.again(parked, actor)
        elif not anew:
            raise UsageError("没有被拒收的批次", where=name, cure="用 jiceng subscription list 查看")
        if anew:
            delivery_step.forget(settings, name)


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Let one process deliver at a time; the kernel drops the lock with the process."""
    path = Path(settings.exchange) / ".lock"
    with files.storage(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Locked("另一次交付正在进行", where=str(path), cure="等它结束后再试") from None
    finally:
        os.close(handle)
