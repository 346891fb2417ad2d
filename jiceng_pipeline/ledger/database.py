"""The ledger's table in SQLite, through SQLAlchemy Core; only `store` imports this, late: it costs 0.4 s."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    create_engine,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError, Locked, StorageFailure
from jiceng_pipeline.ledger.chain import AFTER_ALL, NOTHING, Event, Head, canonical

EVENT = Table(
    "event",
    MetaData(),
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_strict=True,
)
INDEXES = (
    Index("event_by_subject", EVENT.c.kind, EVENT.c.subject, EVENT.c.seq),
    Index("event_by_kind", EVENT.c.kind),  # SQLite keeps the number with it
    # whose grants stand is asked before every read; a grant's canonical JSON begins with its holder
    Index("event_by_holder", EVENT.c.body, sqlite_where=text("kind = 'grant'")),
)
GUARDS = tuple(
    f"""create trigger event_refuses_{act} before {act} on event
    begin select raise(abort, 'the ledger only grows'); end"""
    for act in ("update", "delete")
)
WAIT_SECONDS = 30.0
PAGE = 1_000

# made once: building a statement takes longer than running it
_LATER = select(EVENT).where(EVENT.c.seq > bindparam("after")).order_by(EVENT.c.seq).limit(PAGE)
_PAGE, _PAGE_OF_KIND = _LATER, _LATER.where(EVENT.c.kind == bindparam("kind"))
_LAST = EVENT.c.seq.desc()
_EARLIER = (
    select(EVENT)
    .where(EVENT.c.kind == bindparam("kind"), EVENT.c.seq < bindparam("before"))
    .order_by(_LAST)
    .limit(PAGE)
)
_HEAD = select(EVENT.c.seq, EVENT.c.hash).order_by(_LAST).limit(1)
_HASH_OF = select(EVENT.c.hash).where(EVENT.c.seq == bindparam("seq"))
_LATEST = (
    select(EVENT)
    .where(EVENT.c.kind == bindparam("kind"), EVENT.c.subject == bindparam("subject"))
    .order_by(_LAST)
    .limit(1)
)
_INSERT = insert(EVENT)
_BETWEEN = (
    select(EVENT)
    .where(EVENT.c.kind == bindparam("kind"), EVENT.c.subject >= bindparam("first"), EVENT.c.subject < bindparam("end"))
    .order_by(EVENT.c.seq)
)
_HELD = (
    select(EVENT)
    .with_hint(EVENT, "indexed by event_by_holder", "sqlite")
    .where(text("kind = 'grant'"), EVENT.c.body >= bindparam("first"), EVENT.c.body < bindparam("end"))
    .order_by(EVENT.c.seq)
)
_NEXT_SUBJECT = select(func.min(EVENT.c.subject)).where(
    EVENT.c.kind == bindparam("kind"), EVENT.c.subject >= bindparam("first")
)

# our statements are fixed, so "no such table" and the like mean that somebody changed the file
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
_REFUSED = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}  # fmt: skip
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Rows:
    """The events inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> Head:
        """Return the last event's number and hash."""
        row = self._connection.execute(_HEAD).one_or_none()
        return Head(*row) if row else NOTHING

    def hash_of(self, seq: int) -> str | None:
        """Return the hash of one event, None where there is no such event."""
        found: str | None = self._connection.execute(_HASH_OF, {"seq": seq}).scalar_one_or_none()
        return found

    def page(self, kind: str | None, after: int) -> list[Event]:
        """Return the next events after that number, of one kind or of all, in order."""
        query = _PAGE if kind is None else _PAGE_OF_KIND
        return [Event(*row) for row in self._connection.execute(query, {"after": after, "kind": kind})]

    def latest(self, kind: str, subject: str) -> Event | None:
        """Return the last event of that kind on that subject."""
        row = self._connection.execute(_LATEST, {"kind": kind, "subject": subject}).one_or_none()
        return Event(*row) if row else None

    def earlier(self, kind: str, before: int) -> list[Event]:
        """Return the events of one kind before that number, the last first."""
        return [Event(*row) for row in self._connection.execute(_EARLIER, {"kind": kind, "before": before})]

    def between(self, kind: str, first: str, end: str) -> list[Event]:
        """Return the events of one kind with first <= subject < end, in order."""
        found = self._connection.execute(_BETWEEN, {"kind": kind, "first": first, "end": end})
        return [Event(*row) for row in found]

    def held_by(self, holder: str) -> list[Event]:
        """Return the grants made out to `holder`, in order."""
        first = canonical({"actor": holder})[:-1] + ","
        return [Event(*row) for row in self._connection.execute(_HELD, {"first": first, "end": first + AFTER_ALL})]

    def next_subject(self, kind: str, first: str) -> str | None:
        """Return the smallest subject of that kind that is not below `first`."""
        found: str | None = self._connection.execute(_NEXT_SUBJECT, {"kind": kind, "first": first}).scalar()
        return found

    def insert(self, event: Event) -> None:
        """Add one event."""
        values = (event.seq, event.kind, event.subject, event.text, event.actor, event.at, event.previous, event.hash)
        self._connection.execute(_INSERT, dict(zip(EVENT.c.keys(), values, strict=True)))

    def guarded(self) -> bool:
        """Say whether the table still refuses update and delete."""
        return {_plain(guard) for guard in GUARDS} <= self._made("trigger")

    def indexed(self) -> bool:
        """Say whether what is found through the indexes is what stands in the table."""
        made = {_plain(str(CreateIndex(index).compile(self._connection))) for index in INDEXES}
        found = self._connection.exec_driver_sql("pragma integrity_check('event')").scalars().all()
        return made <= self._made("index") and list(found) == ["ok"]

    def _made(self, kind: str) -> set[str]:
        """Return the statements that made what the file has of a kind."""
        found = self._connection.exec_driver_sql("select sql from sqlite_master where type = ?", (kind,)).scalars()
        return {_plain(str(sql)) for sql in found}


def _plain(sql: str) -> str:
    return " ".join(sql.split()).casefold()


class Database:
    """One ledger file that exists; `create` makes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode = path.stat().st_ino if path.exists() else 0

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Yield the events as they stand now."""
        with self._open() as connection:
            yield Rows(connection)

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """Yield the events with nobody else writing; commit, durably, when the block ends well."""
        with self._open() as connection:
            connection.exec_driver_sql("begin immediate")
            yield Rows(connection)
            connection.commit()

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        with translated(self.path), _engine(self.path, self._inode, os.getpid()).connect() as connection:
            yield connection

    def complete(self) -> None:
        """Make the indexes that a ledger begun by an earlier version of the program lacks."""
        with self._open() as connection:
            present = set(connection.exec_driver_sql("select name from sqlite_master where type = 'index'").scalars())
            for index in INDEXES:
                if index.name not in present:
                    connection.execute(CreateIndex(index, if_not_exists=True))
            connection.commit()

    def close(self) -> None:
        """Close every connection; the last one out folds the write-ahead log into the file."""
        _engine(self.path, self._inode, os.getpid()).dispose()


@lru_cache(maxsize=8)
def _engine(path: Path, inode: int, process: int) -> Engine:  # noqa: ARG001  they are part of what it is kept by
    """Return what keeps the connections of a file and the statements it has compiled: that takes longest of all.

    Another file that was put in its place has another, and so has a forked process: SQLite bears neither.
    """
    return create_engine("sqlite://", creator=lambda: _connected(path), poolclass=QueuePool, hide_parameters=True)


def _connected(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    made.text_factory = lambda text: text.decode("utf-8", "surrogateescape")  # broken text: verify says where
    made.execute("pragma synchronous = full")
    made.execute("pragma trusted_schema = off")
    return made


def create(path: Path) -> None:
    """Make an empty ledger, readable by its owner only, whole or not at all; keep one that is there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with files.storage(path), translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(draft), poolclass=QueuePool)
            with engine.connect() as connection:
                connection.exec_driver_sql("pragma journal_mode = wal")
                connection.exec_driver_sql("pragma synchronous = full")
                connection.execute(CreateTable(EVENT))
                for index in INDEXES:
                    connection.execute(CreateIndex(index))
                for guard in GUARDS:
                    connection.exec_driver_sql(guard)
                connection.commit()
            engine.dispose()
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first, and its ledger is the ledger
        finally:
            draft.unlink(missing_ok=True)
        files.sync(path.parent)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite refuses into our own errors, without its text, which may quote values."""
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise IntegrityError("账本文件已损坏", where=str(path), cure="从备份恢复账本；不要手工修改") from None
        if code in _REFUSED:
            raise StorageFailure("账本写不进去", where=str(path), cure="腾出磁盘空间或检查权限后重试") from None
        if code in _BUSY:
            raise Locked("账本一直被其他进程占用", where=str(path), cure="稍后再试") from None
        raise
