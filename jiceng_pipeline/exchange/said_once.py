"""Said once: what is given twice just the same on one day, a button pressed twice, is one thing until it is over."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from jiceng_pipeline.ledger.chain import Event, canonical
from jiceng_pipeline.ledger.store import Ledger


def name(
    ledger: Ledger, kind: str, told: Mapping[str, Any], is_over: Callable[[Event], bool], *, begins: str = ""
) -> str:
    """Return the name of what is told, which `begins` so; where it was told before and is over, another one.

    Whoever appends it under that name does so `once`. `is_over` says whether this is the last word of it.
    """
    after = 0
    while True:
        found = begins + sha256(canonical({**told, "after": after}).encode()).hexdigest()[:12]
        said = ledger.on(kind, found)
        if not said or not is_over(said[-1]):
            return found
        after = said[-1].seq
