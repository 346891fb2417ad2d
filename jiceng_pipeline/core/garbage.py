"""Python's garbage collector while a command or a run lasts."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_PENDING = 20_000  # objects made before it looks among the young ones; Python's own is 700


@contextmanager
def seldom() -> Iterator[None]:
    """Look for garbage seldom, and not at all among what is already loaded.

    Dagster, great_expectations and our definitions are half a million objects that stay, and what a step makes goes by
    itself: an eighth of a community's sync was spent on looking through all of it again and again, and a fifth of
    `jiceng doctor`, while it was being loaded.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_PENDING, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
