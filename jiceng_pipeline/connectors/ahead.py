"""Reading ahead: the next part of a delivery is fetched while the last is dealt with."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")


def ahead(parts: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield the same, one part ahead, fetched in a thread of its own; `parts` is closed with it.

    What `parts` does is done in that thread, so it must hand over all it finds with what it yields.
    """
    with closing(parts), ThreadPoolExecutor(1) as worker:
        waiting = worker.submit(next, parts, None)
        while (part := waiting.result()) is not None:
            waiting = worker.submit(next, parts, None)
            yield part
