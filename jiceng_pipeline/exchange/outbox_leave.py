"""Leave for collected values (送达授权): asked before one is read for a system, whatever held when it was collected.

A value that no live grant of the system covers stays in the outbox, and is asked for again at the next delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jiceng_pipeline.core.errors import AccessDenied
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.returns import access, collected, grants
from jiceng_pipeline.returns.access import Access
from jiceng_pipeline.returns.datasets import Dataset

TITLE = "社区采集的值"
_DIGITS = (12, 9, 6, 4, 2)


@dataclass(frozen=True)
class Sent:
    """A value on its way: what was collected, and to whom it goes."""

    outbox: Entry[Outbox]
    intake: Entry[Intake]


@dataclass(frozen=True)
class Leave:
    """Which of the values may go now, under which leave how many, and which may not, with what that lacks."""

    accesses: tuple[Access, ...]
    counts: tuple[int, ...]
    values: tuple[Sent, ...]
    held: tuple[Sent, ...]
    lacking: str

    @property
    def grants(self) -> frozenset[str]:
        """Return the subjects of the grants that stand behind the values."""
        return frozenset(each.grant for each in self.accesses)


def every(ledger: Ledger, system: str | None = None) -> list[Sent]:
    """Return the values on their way, of one system or of all, oldest first."""
    intakes = {entry.seq: entry for entry in views.entries(ledger, Intake)}
    return [
        Sent(entry, intakes[entry.body.intake_seq])
        for entry in views.entries(ledger, Outbox)
        if system in {None, entry.body.system} and entry.body.intake_seq in intakes
    ]


def ask(ledger: Ledger, system: str, found: Sequence[Sent], version: str) -> Leave:
    """Return leave for as many of the values as the system's live grants cover; audited, a grant at a time."""
    actor = collected.actor_of(system)
    live = grants.live(ledger, actor)
    parts: dict[str, list[Sent]] = {}
    for each in found:
        covering = (entry.subject for entry in live if _covers(entry, each))
        parts.setdefault(next(covering, ""), []).append(each)
    held, lacking = parts.pop("", []), ""
    accesses = tuple(_authorised(ledger, actor, part, version) for part in parts.values())
    if held:
        try:
            _authorised(ledger, actor, held, version)
        except AccessDenied as denied:
            lacking = denied.what
    may = sorted((each for part in parts.values() for each in part), key=lambda each: each.outbox.seq)
    return Leave(accesses, tuple(map(len, parts.values())), tuple(may), tuple(held), lacking)


def _covers(entry: Entry[Grant], each: Sent) -> bool:
    body = each.outbox.body
    return access.allows(
        entry.body, collected.DATASET, body.community_code, "full", collected.PURPOSE, (body.element_id,)
    )


def _authorised(ledger: Ledger, actor: str, part: Sequence[Sent], version: str) -> Access:
    elements = tuple(sorted({each.outbox.body.element_id for each in part}))
    dataset = Dataset(collected.DATASET, TITLE, collected.PURPOSE, elements)
    return access.authorise(
        ledger, actor, dataset, _common([each.outbox.body.community_code for each in part]), "full", collected.PURPOSE,
        action="deliver", version=version, elements=elements, channel="delivery",
    )  # fmt: skip


def _common(codes: Sequence[str]) -> str:
    """Return the smallest division in which all of these communities are."""
    return next(
        (codes[0][:digits] for digits in _DIGITS if len({code[:digits] for code in codes}) == 1), grants.EVERYTHING
    )
