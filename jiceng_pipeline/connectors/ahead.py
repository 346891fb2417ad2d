"""Reading ahead: the next part of a delivery is fetched while the last is dealt with."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")


def ahead(parts: Generator[T, None, None], by: int = 1) -> Generator[T, None, None]:
    """Yield the same, `by` parts ahead, fetched in a thread of its own; `parts` is closed with it.

    What `parts` does is done in that thread, so it must hand over all it finds with what it yields.
    """
    worker = ThreadPoolExecutor(1)
    with closing(parts):
        try:
            waiting = deque(worker.submit(next, parts, None) for _ in range(by))
            while (part := waiting.popleft().result()) is not None:
                waiting.append(worker.submit(next, parts, None))
                yield part
        finally:
            worker.shutdown(cancel_futures=True)
