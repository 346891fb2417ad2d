"""SQLite databases as departments run them: one table, written whole, or changed in place."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from jiceng_pipeline.simulation.store import Change, batches, whole


def write(
    path: Path, name: str, tables: Iterable[Any], kinds: Mapping[str, str] | None = None, index: Sequence[str] = ()
) -> None:
    """Write tables as one table of a new database; columns are TEXT unless `kinds` says otherwise."""
    with whole(path) as draft:
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("pragma journal_mode = off")
            connection.execute("pragma synchronous = off")
            with connection:
                insert = ""
                for rows in batches(tables):
                    if not insert:
                        columns = [f"{column} {(kinds or {}).get(column, 'TEXT')}" for column in rows.column_names]
                        connection.execute(f"create table {name} ({', '.join(columns)})")
                        insert = f"insert into {name} values ({', '.join('?' * len(columns))})"
                    values = (column.to_pylist() for column in rows.columns)
                    connection.executemany(insert, zip(*values, strict=True))
                if index:
                    connection.execute(f"create index {name}_{'_'.join(index)} on {name} ({', '.join(index)})")


def revise(path: Path, name: str, key: Sequence[str], change: Change, heading: Mapping[str, str] | None = None) -> None:
    """Change rows in place, in one transaction; `heading` says which columns have another name for the time being."""
    columns, keys = change.changed.column_names, ", ".join(key)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        held = [row[1] for row in connection.execute(f"pragma table_info({name})")]
        _rename(connection, name, held, columns)
        connection.execute(f"create temporary table given ({keys}, primary key ({keys})) without rowid")
        marks = ", ".join("?" * len(key))
        for rows in (change.gone, change.changed):
            values = zip(*(rows[column].to_pylist() for column in key), strict=True)
            connection.executemany(f"insert or ignore into given values ({marks})", values)
        connection.execute(f"delete from {name} where ({keys}) in (select {keys} from given)")
        rows = zip(*(column.to_pylist() for column in change.changed.columns), strict=True)
        connection.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)
        _rename(connection, name, columns, [(heading or {}).get(column, column) for column in columns])
        connection.execute("commit")


def _rename(connection: sqlite3.Connection, name: str, old: Sequence[str], new: Sequence[str]) -> None:
    for one, other in zip(old, new, strict=True):
        if one != other:
            connection.execute(f"alter table {name} rename column {one} to {other}")
