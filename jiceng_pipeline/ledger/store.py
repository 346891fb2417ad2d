"""Open the ledger, append to it, read it, verify it; safe for several processes and threads at once."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import local
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import chain, head
from jiceng_pipeline.ledger.chain import NOTHING, Event, Head
from jiceng_pipeline.ledger.kind import Body, checked

if TYPE_CHECKING:
    from jiceng_pipeline.ledger.database import Database, Rows

_LONGEST_NAME = 200
_BEFORE_ALL = -(2**63)  # below every number, also those that only a forger would give


class Ledger:
    """One instance's events. Use it as a context manager, or call `close`."""

    def __init__(self, database: "Database", head_file: Path) -> None:
        self._database, self._head_file = database, head_file
        self._turn = head_file.with_suffix(".turn")
        self._together = local()

    def append(
        self, kind: str, subject: str, body: Body | Mapping[str, Any], actor: str, *, once: bool = False
    ) -> Event:
        """Add one event, durably, and return it.

        With `once`, where the subject already has an event of this kind, that one is returned and
        nothing is added. Raise UsageError for a body its kind does not allow, StorageFailure where
        it cannot be written.
        """
        text = chain.canonical(checked(kind, body).model_dump(mode="json"))
        _check_name("subject", subject)
        _check_name("actor", actor)
        with self._writing() as rows:
            if once and (present := rows.latest(kind, subject)):
                return present
            event = chain.sealed(rows.head(), kind, subject, text, actor, clock.now().isoformat())
            rows.insert(event)
        return event

    @contextmanager
    def together(self) -> Iterator[None]:
        """Add what this thread appends in the block when it ends, all of it or, where anything fails, nothing."""
        with self._writing() as rows:
            self._together.rows = rows
            try:
                yield
            finally:
                del self._together.rows

    @contextmanager
    def _writing(self) -> Iterator["Rows"]:
        if rows := getattr(self._together, "rows", None):
            yield rows
            return
        with self._database.writing() as rows:
            before = rows.head()
            yield rows
            last = rows.head()
        if last != before:
            head.advance(self._head_file, last)

    def events(self, kind: str | None = None, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """Yield the events with after < seq <= until, in order; those appended meanwhile may follow."""
        while page := self._page(kind, after):
            for event in page:
                if until is not None and event.seq > until:
                    return
                yield event
            after = page[-1].seq

    def backwards(self, kind: str) -> Iterator[Event]:
        """Yield the events of one kind, the last first."""
        before = 2**63 - 1
        while page := self._earlier(kind, before):
            yield from page
            before = page[-1].seq

    def about(self, kind: str, prefix: str) -> list[Event]:
        """Return the events of one kind whose subject begins so, in order."""
        with self._database.reading() as rows:
            return rows.between(kind, prefix, prefix + chain.AFTER_ALL)

    def on(self, kind: str, subject: str) -> list[Event]:
        """Return the events of one kind on one subject, in order."""
        with self._database.reading() as rows:
            return rows.between(kind, subject, subject + "\0")

    def held_by(self, holder: str) -> list[Event]:
        """Return the grants made out to an account, in order."""
        with self._database.reading() as rows:
            return rows.held_by(holder)

    def next_subject(self, kind: str, first: str) -> str | None:
        """Return the smallest subject of that kind that is not below `first`: subjects are found by jumping."""
        with self._database.reading() as rows:
            return rows.next_subject(kind, first)

    def head(self) -> Head:
        """Return (seq, hash) of the last event."""
        with self._database.reading() as rows:
            return rows.head()

    def verify(self) -> Head:
        """Check every event, what they are found by, and the head on record; return the head, or raise IntegrityError.

        The error names the first event that was changed, removed, added or moved.
        """
        kept, last, after = head.read(self._head_file), NOTHING, _BEFORE_ALL
        while page := self._page(None, after):
            for event in page:
                if not event.follows(last):
                    raise self._broken(min(event.seq, last.seq + 1), "被改动、删除或插入")
                last = event.head
            after = last.seq
        self.check_tail(kept)
        with self._database.reading() as rows:
            if not rows.guarded():
                raise IntegrityError("账本的防改动触发器不见了", where=self._where, cure="从备份恢复账本")
            if not rows.indexed():
                raise IntegrityError("账本的索引与内容不符", where=self._where, cure="从备份恢复账本，并查明原因")
        return last

    def check_tail(self, kept: Head) -> None:
        """Raise IntegrityError where the ledger does not hold the head that was put on record."""
        with self._database.reading() as rows:
            if kept.seq and rows.hash_of(kept.seq) != kept.hash:
                raise self._broken(min(kept.seq, rows.head().seq + 1), "与留存的末号不符")

    def complete(self) -> None:
        """Make the indexes that a ledger of an earlier version of the program lacks."""
        self._database.complete()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out everybody else who asks for this: what was read inside still holds when something is appended.

        Not to be asked for twice, one in the other.
        """
        with files.storage(self._turn):
            handle = os.open(self._turn, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _where(self) -> str:
        return str(self._database.path)

    def _earlier(self, kind: str, before: int) -> list[Event]:
        with self._database.reading() as rows:
            return rows.earlier(kind, before)

    def _page(self, kind: str | None, after: int) -> list[Event]:
        with self._database.reading() as rows:
            return rows.page(kind, after)

    def _broken(self, seq: int, what: str) -> IntegrityError:
        return IntegrityError(f"账本第 {seq} 条{what}", where=self._where, cure="从备份恢复账本，并查明原因")


def head_file(settings: Settings) -> Path:
    """Return where the head is on record."""
    return settings.ledger.with_suffix(".head")


def open_ledger(settings: Settings) -> Ledger:
    """Open the instance's ledger, making it in a fresh home.

    Raise IntegrityError where it is damaged or shorter than its head on record, StorageFailure where
    it can be neither opened nor made.
    """
    from jiceng_pipeline.ledger import database

    path, kept_at = settings.ledger, head_file(settings)
    kept = head.read(kept_at)
    if not path.exists():
        if kept != NOTHING:
            raise IntegrityError(f"账本不见了，应有 {kept.seq} 条", where=str(path), cure="从备份恢复账本")
        database.create(path)
    ledger = Ledger(database.Database(path), kept_at)
    try:
        try:
            ledger.check_tail(kept)
        except IntegrityError:
            ledger.verify()  # the end does not fit: it says which event is the first that does not
            raise
        ledger.complete()
    except BaseException:
        ledger.close()
        raise
    return ledger


def _check_name(what: str, name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{what} 应是一行不长的文字", where="账本", cure="改短，去掉换行等符号")
