"""A SQLAlchemy dialect that runs on the pipeline's own DuckDB connection and whose results outlive their turn.

great_expectations reads results after it has handed the connection back; with duckdb_engine all cursors
share one DuckDB connection, so the next statement has dropped them. Here every cursor has its own, and
reads lazily: a look at a table's columns does not fetch the table.
"""

from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy.dialects import registry


class OwnCursor(duckdb_engine.CursorWrapper):  # type: ignore[misc]
    """A cursor that closes what it owns."""

    def __init__(self, owned: duckdb.DuckDBPyConnection, connection: "OwnConnection") -> None:
        super().__init__(owned, connection)
        self._owned = owned

    def close(self) -> None:
        """Close the DuckDB cursor."""
        self._owned.close()


class OwnConnection(duckdb_engine.ConnectionWrapper):  # type: ignore[misc]
    """A connection beside the given one: it sees what that has committed, and never touches its transaction."""

    def __init__(self, given: duckdb.DuckDBPyConnection) -> None:
        self._beside = given.cursor()
        self._cursors: list[OwnCursor] = []
        super().__init__(self._beside)

    def cursor(self) -> OwnCursor:
        """Return a cursor with a DuckDB connection of its own."""
        cursor = OwnCursor(self._beside.cursor(), self)
        self._cursors.append(cursor)
        return cursor

    def close(self) -> None:
        """Close every cursor, so that nothing keeps the database file locked."""
        for cursor in self._cursors:
            cursor.close()
        self._cursors.clear()
        super().close()


class Dialect(duckdb_engine.Dialect):  # type: ignore[misc]
    """DuckDB as duckdb_engine speaks it; connections come from the engine's `creator` only."""

    supports_statement_cache = False

    def connect(self, *_: Any, **__: Any) -> Any:
        """Refuse: only `warehouse/` opens databases."""
        raise RuntimeError("this dialect is given its connection by a creator")


def address() -> str:
    """Register the dialect and return the address an engine is made with."""
    registry.register("duckdb.jiceng", __name__, Dialect.__name__)
    return "duckdb+jiceng:///:memory:"
