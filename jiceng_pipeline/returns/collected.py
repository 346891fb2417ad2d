"""采集值 (collected values): under which name and for what a department's system may have what communities collected.

A system whose contract shares without condition may have every value of the elements it holds: that is a grant like
any other, only that nobody has to give it. Any other system needs one, given to its account.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.standard import register

DATASET: Final = "collection"
PURPOSE: Final = "采集值送达"
UNCONDITIONAL: Final = "unconditional"
_PREFIX = "system:"


def actor_of(system: str) -> str:
    """Return the account under which a system holds its grants."""
    return f"{_PREFIX}{system}"


def implied(actor: str) -> Sequence[Entry[Grant]]:
    """Return the grant that a system's contract implies, none for any other account or system."""
    contract = contracts().get(actor.removeprefix(_PREFIX)) if actor.startswith(_PREFIX) else None
    if contract is None or contract.sharing != UNCONDITIONAL:
        return ()
    grant = Grant(
        actor=actor,
        scope="*",
        datasets=(DATASET,),
        profiles=("full",),
        purposes=(PURPOSE,),
        elements=tuple(sorted(register.held(contract.columns.values()))),
        granted_by=contract.name,
    )
    return (Entry(0, UNCONDITIONAL, grant, contract.name, datetime(1970, 1, 1, tzinfo=UTC), ""),)
