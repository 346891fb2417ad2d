"""Signals that ask a run to stop, noticed also where the exception they raise is swallowed on its way."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_ASKING = {signal.SIGINT, signal.SIGTERM}


@contextmanager
def watched() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether SIGINT or SIGTERM came inside the block.

    Dagster raises an exception in their handlers; one that is raised inside a destructor or a weak
    reference's callback is printed and lost. Only the main thread can watch.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    came: set[int] = set()

    def asked() -> bool:
        with suppress(BlockingIOError):
            came.update(os.read(reader, 512))
        return bool(came & _ASKING)

    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield asked
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)
