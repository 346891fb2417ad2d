"""Bringing ahead: while a subscriber's server works at one batch, the next is brought beside by a second connection.

Only brought: it is taken over in its turn, in one transaction with the note that it was. What lies beside when the
delivery ends is dropped; what a crash leaves there is dropped when the next delivery begins.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Protocol

import duckdb

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch


class Bringing(Protocol):
    """The store of the second connection."""

    def bring(self, batch: Batch) -> None:
        """Bring the rows of a batch beside."""

    def leave(self, batch: Batch) -> None:
        """Drop what lies beside, of this batch and of the one before or after."""


class Ahead:
    """The one batch that is being brought, in a thread of its own; `opened` opens the second connection."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Bringing]]) -> None:
        self._opened, self._stack, self._worker = opened, ExitStack(), ThreadPoolExecutor(1)
        self._store: Bringing | None = None
        self._batch: Batch | None = None
        self._brought: Future[None] | None = None

    def begin(self, batch: Batch) -> None:
        """Begin to bring what follows a batch, where that lies here and is of the same step."""
        following = delivery_batch.following(batch)
        if following and following.manifest["rows"]:
            self._batch, self._brought = following, self._worker.submit(self._bring, following)

    def has(self, batch: Batch) -> bool:
        """Wait for what is on its way and say whether it is this batch, and there.

        Why it could not be brought is not told here: who takes the batch over meets it again.
        """
        brought, self._brought = self._brought, None
        try:
            if brought:
                brought.result()
        except (duckdb.Error, JicengError):
            return False
        return brought is not None and self._batch is not None and self._batch.hash == batch.hash

    def close(self) -> None:
        """Drop what lies beside and was not taken over, and close the second connection."""
        self._worker.shutdown()
        with self._stack, suppress(duckdb.Error):
            if self._store and self._batch:
                self._store.leave(self._batch)

    def _bring(self, batch: Batch) -> None:
        store = self._store or self._stack.enter_context(self._opened())
        self._store = None  # what has failed is not asked again: DuckDB aborts the process where the server is gone
        store.bring(batch)
        self._store = store
