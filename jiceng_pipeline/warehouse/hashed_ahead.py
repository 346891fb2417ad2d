"""Content hashes of finished tables, found while the next tables are made.

Of two cores one stands still for a third of a build: sorts, dictionaries and commits end in one thread. To hash what
is finished by then takes that time, where a publish would wait for it.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import duckdb

from jiceng_pipeline.warehouse import content_hash

_MANY = 50_000  # rows: of fewer the hash is found in no time, and small memory is better left to the build


class HashedAhead:
    """Hashes one table after another, each on a cursor of the build's connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "content-hash")
        self._begun: dict[str, tuple[duckdb.DuckDBPyConnection, Future[content_hash.Hashes]]] = {}

    def add(self, table: str, rows: int) -> None:
        """Hash this table (`schema.table`), which was just made, of that many rows; nothing comes of a view."""
        if before := self._begun.pop(table, None):
            _end(*before)
        if rows >= _MANY:
            cursor = self._connection.cursor()
            self._begun[table] = (cursor, self._thread.submit(content_hash.table_hashes, cursor, {table}))

    def found(self) -> content_hash.Hashes:
        """Wait for what was begun and return the hashes; a table of which none could be found is left out."""
        hashes: dict[str, tuple[int, str]] = {}
        for _, future in self._begun.values():
            if isinstance(future.exception(), duckdb.Error):  # who publishes hashes it then, and fails where that does
                continue
            hashes |= future.result()
        return hashes

    def close(self) -> None:
        """Let go of the connection at once: what is not hashed by now is left out."""
        for begun in self._begun.values():
            _end(*begun)
        self._begun.clear()
        self._thread.shutdown()


def _end(cursor: duckdb.DuckDBPyConnection, future: Future[content_hash.Hashes]) -> None:
    if not future.cancel():
        cursor.interrupt()
        future.exception()  # waits
    cursor.close()
