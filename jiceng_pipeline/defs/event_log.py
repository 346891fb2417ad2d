"""Dagster's event log in SQLite, read and written by one process without opening its databases anew each time.

A run of some 180 assets looks at its log about 4,300 times, and Dagster's own class makes an engine and a connection
for each, and folds the write-ahead log into the database as it closes: a quarter of a community's sync. Here they stay
open. The files are the same, so the UI and whatever else reads them need nothing of this.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

_MOST = 4  # databases kept open: the index, this run's, and those it was asked about beside it


class KeptEventLog(SqliteEventLogStorage):
    """The event log; `dispose` closes what is open."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._known: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection:
                file = connection.connection.dbapi_connection
                written: int = file.total_changes  # type: ignore[union-attr]
                with connection.begin():
                    yield connection
                # who watches a run waits for its database to change, not for the log beside it
                if file.total_changes != written:  # type: ignore[union-attr]
                    os.utime(self.path_for_shard(shard))

    def has_table(self, table_name: str) -> bool:
        """Say whether the index has this table: Dagster asks with every event, and what was there stays there."""
        if table_name not in self._known and super().has_table(table_name):
            self._known.add(table_name)
        return table_name in self._known

    def wipe(self) -> None:
        """Close everything, for what is deleted must not stay open, then delete it."""
        self._close()
        self._known.clear()
        super().wipe()

    def dispose(self) -> None:
        """Close everything."""
        self._close()
        super().dispose()

    def _engine(self, shard: str) -> Engine:
        # by its text: to make a path of it every time took as long as the look
        if shard not in self._engines or not os.access(self.path_for_shard(shard), os.F_OK):
            self._drop(shard)
            while len(self._engines) >= _MOST:
                self._drop(next(iter(self._engines)))
            engine = create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            event.listen(engine, "connect", _without_waiting)
            self._engines[shard] = engine
        self._engines[shard] = self._engines.pop(shard)  # the last used is dropped last
        return self._engines[shard]

    def _drop(self, shard: str) -> None:
        if engine := self._engines.pop(shard, None):
            engine.dispose()

    def _close(self) -> None:
        with self._db_lock:
            for shard in tuple(self._engines):
                self._drop(shard)


def _without_waiting(file: sqlite3.Connection, _: object) -> None:
    """Have an event not wait for the disk: a power cut may take the last few, but leaves the file whole.

    The run dies with it, and the next one marks it as failed.
    """
    file.execute("pragma synchronous = normal")


class KeptHistory(DagsterSqliteStorage):
    """Dagster's storage with that event log."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = KeptEventLog(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> "KeptHistory":
        """Return the storage that the settings describe."""
        return cls.from_local(inst_data=inst_data, **config_value)


def opened(home: str) -> DagsterInstance:
    """Return the instance of a DAGSTER_HOME, its event log kept open where it is Dagster's own in SQLite."""
    ref = InstanceRef.from_dir(home)
    storage = ref.storage_data
    if storage and storage.class_name == DagsterSqliteStorage.__name__:
        folder = yaml.safe_load(storage.config_yaml)["base_dir"]
        kept = ConfigurableClassData(__name__, KeptHistory.__name__, yaml.safe_dump({"base_dir": folder}))
        ref = ref._replace(storage_data=kept)
    return DagsterInstance.from_ref(ref)
