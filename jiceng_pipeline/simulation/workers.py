"""Work shared between two processes: results in the order asked for, and nothing left behind."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

import pyarrow as pa

PROCESSES = 2
T = TypeVar("T")
R = TypeVar("R")


class Run(Protocol):
    """A way to call a function (of a module, not of another function) for each of many things."""

    def __call__(self, function: Callable[[T], R], things: Iterable[T], /) -> Iterator[R]:
        """Yield the results, in order."""


@contextmanager
def workers(*, alone: bool) -> Iterator[Run]:
    """Yield a way to call functions in two other processes, or in this one where there is little to do.

    When the block ends by an exception or an interrupt the processes are ended at once; when this process
    is killed they end themselves.
    """
    if alone:
        yield map
        return
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool.map
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Prepare a worker: interrupts are its parent's business, and one core is enough for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pa.set_cpu_count(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)
