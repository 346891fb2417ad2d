"""The published version this process reads: opened once, and let go once another is served."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

import duckdb
from django.conf import settings as site

from jiceng_pipeline.core.errors import NothingPublished
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version


def settings() -> Settings:
    """Return the instance this site shows."""
    found: Settings = site.JICENG
    return found


class _Open:
    """One version that is open, and how many read it."""

    def __init__(self, version: Version) -> None:
        self.folder = version.folder
        self.readers = 0
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(connect(version.database, settings=settings(), read_only=True))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of the caller's own."""
        return self._connection.cursor()

    def close(self) -> None:
        """Let go of the file; DuckDB closes every cursor with it."""
        self._stack.close()


class _Held:
    """The version being served, kept open; the one before is let go once its last reader is done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: _Open | None = None

    @contextmanager
    def cursor(self, version: Version) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection to that version."""
        with self._lock:
            if self._open is None or self._open.folder != version.folder:
                before, self._open = self._open, _Open(version)
                if before is not None and before.readers == 0:
                    before.close()
            mine = self._open
            mine.readers += 1
            cursor = mine.cursor()
        try:
            yield cursor
        finally:
            cursor.close()
            with self._lock:
                mine.readers -= 1
                if mine.readers == 0 and mine is not self._open:
                    mine.close()


_held = _Held()


def current() -> Version:
    """Return the version being served; raise NothingPublished before the first."""
    version = publish.current(settings())
    if version is None:
        raise NothingPublished("还没有可以看的数据", cure="请管理员先同步一次（jiceng run）")
    return version


@contextmanager
def opened() -> Iterator[tuple[Version, duckdb.DuckDBPyConnection]]:
    """Yield the version being served and a connection to it; the same one for the whole block."""
    version = current()
    with _held.cursor(version) as cursor:
        yield version, cursor
