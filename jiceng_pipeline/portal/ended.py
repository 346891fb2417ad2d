"""停办: which matters and tasks are about a service item that has ended, for the pages that show them."""

from collections.abc import Collection

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.services import withdrawal


def ended() -> Collection[str]:
    """Return the ids of open matters and tasks whose item has ended."""
    with open_ledger(settings()) as ledger:
        return withdrawal.flagged(settings(), ledger).keys()
