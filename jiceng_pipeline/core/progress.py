"""What a long piece of work tells whoever watches it: a terminal bar, a log line, nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`stage` is pull, standardise, reconcile, govern, check, publish or forms; `done` of `total` if known."""

    stage: str
    subject: str = ""
    rows: int | None = None
    done: int | None = None
    total: int | None = None


Listener = Callable[[Step], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def report(step: Step) -> None:
    """Tell the listener, if there is one."""
    if listener := _listener.get():
        listener(step)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send every step reported inside the block, in this thread, to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
