"""回执 (receipts): what was handed over to whom, as the ledger has it; nothing of it can be changed afterwards."""

from typing import Literal

from jiceng_pipeline.exchange.delivery_batch import Batch, Have
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import GENESIS
from jiceng_pipeline.ledger.kinds.delivery import Delivery
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry


class Receipts:
    """The delivery events of all subscriptions, read once and added to."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._of: dict[str, dict[int, Delivery]] = {}
        self._sent: dict[str, int] = {}
        for entry in views.entries(ledger, Delivery):
            self._take(entry.body)

    def write(self, batch: Batch, state: Literal["sent", "failed", "parked"], actor: str, reason: str = "") -> None:
        """Write down what became of a batch; the same failure again is not written twice."""
        told = batch.manifest
        body = Delivery(
            subscription_id=told["subscription"],
            number=batch.number,
            state=state,
            kind=told["kind"],
            dataset=told["dataset"],
            fields=tuple(each["name"] for each in told["columns"]),
            scope=told["scope"],
            profile=told["profile"],
            purpose=told["purpose"],
            rows=told["rows"],
            operations=told["operations"],
            version=told["version"],
            hash=batch.hash,
            previous_hash=told["previous_hash"],
            grant=told["grant"],
            access=told["access"],
            reason=reason,
        )
        if state == "sent" or self._of.get(body.subscription_id, {}).get(batch.number) != body:
            self._append(body, actor)

    def again(self, parked: Delivery, actor: str) -> None:
        """Write down that a parked batch is to be tried again."""
        self._append(parked.model_copy(update={"state": "resumed", "reason": ""}), actor)

    def sent(self, name: str) -> Have:
        """Return the last batch that arrived, as far as is known here."""
        number = self._sent.get(name, 0)
        return Have(number, self.hash(name, number) or GENESIS)

    def version(self, name: str) -> str | None:
        """Return the version that a subscriber has, as far as is known here."""
        found = self._of.get(name, {}).get(self._sent.get(name, 0))
        return found.version if found else None

    def last(self, name: str) -> Have:
        """Return the last batch that was tried."""
        number = max(self._of.get(name, {}), default=0)
        return Have(number, self.hash(name, number) or GENESIS)

    def hash(self, name: str, number: int) -> str | None:
        """Return the hash of a batch that was tried."""
        found = self._of.get(name, {}).get(number)
        return found.hash if found else None

    def parked(self, name: str) -> Delivery | None:
        """Return the batch that the receiver refuses and nobody has looked at yet."""
        return next((each for each in self._of.get(name, {}).values() if each.state == "parked"), None)

    def failing(self, name: str) -> Delivery | None:
        """Return the batch that did not get through last time."""
        last = max(self._of.get(name, {}), default=0)
        found = self._of.get(name, {}).get(last)
        return found if found and found.state == "failed" else None

    def _append(self, body: Delivery, actor: str) -> None:
        self._ledger.append("delivery", body.subject, body, actor)
        self._take(body)

    def _take(self, body: Delivery) -> None:
        self._of.setdefault(body.subscription_id, {})[body.number] = body
        if body.state == "sent":
            self._sent[body.subscription_id] = max(body.number, self._sent.get(body.subscription_id, 0))


def handed_over(ledger: Ledger, *, name: str | None = None, grant: str | None = None) -> list[Entry[Delivery]]:
    """Return what has been handed over, of one subscription or under one grant, oldest first."""
    return [
        entry
        for entry in views.entries(ledger, Delivery)
        if entry.body.state == "sent"
        and (name is None or entry.body.subscription_id == name)
        and (grant is None or entry.body.grant == grant)
    ]
