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


class _Held:
    """One open version. What is read from it meanwhile goes on when another one takes its place."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stack = ExitStack()
        self._folder = ""
        self._connection: duckdb.DuckDBPyConnection | None = None

    def cursor(self, version: Version) -> duckdb.DuckDBPyConnection:
        """Return a connection of the caller's own to that version."""
        with self._lock:
            if self._connection is None or self._folder != str(version.folder):
                self._stack.close()
                self._connection = self._stack.enter_context(
                    connect(version.database, settings=settings(), read_only=True)
                )
                self._folder = str(version.folder)
            return self._connection.cursor()


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
    cursor = _held.cursor(version)
    try:
        yield version, cursor
    finally:
        cursor.close()
