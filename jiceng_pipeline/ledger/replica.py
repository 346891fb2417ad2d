"""A replica of the ledger up to one event, of what bears on data only: all that a version is a function of."""

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import kind
from jiceng_pipeline.ledger.store import Ledger


def write(ledger: Ledger, target: Settings, until: int) -> None:
    """Write the events up to number `until`, each with its number, as the ledger of the fresh home `target`.

    Grants, audit and what else bears on no data stay where they are, so the replica's chain has gaps:
    verify the ledger itself, not the replica.
    """
    from jiceng_pipeline.ledger import database

    database.create(target.ledger)
    copy = database.Database(target.ledger)
    bearing = kind.bearing_on_data()
    try:
        with copy.writing() as rows:
            for event in ledger.events(until=until):
                if event.kind in bearing:
                    rows.insert(event)
    finally:
        copy.close()
