"""Pull: ask a department's system for its data and land it as a snapshot, or say why not.

Only a whole and plausible delivery becomes a snapshot; otherwise the last one stays in force. Of a system
that can be asked for what changed, the snapshot is what changed (see `increment`). A pull
may be killed at any instant: what it leaves is a folder whose name begins with a dot, which the next
pull of the system removes. One pull of a system at a time, which the lock of a sync sees to.
"""

import shutil
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from jiceng_pipeline.connectors.base import Since, Source, load, options_of
from jiceng_pipeline.core import clock, files, progress
from jiceng_pipeline.core.errors import IntegrityError, JicengError, SourceRejected, StorageFailure
from jiceng_pipeline.core.progress import Step
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.departments.delivery import Incremental
from jiceng_pipeline.landing import connections, force, increment, likeness, outcome, plausible, snapshot
from jiceng_pipeline.landing.arrival import Arrival
from jiceng_pipeline.landing.outcome import Outcome, Status
from jiceng_pipeline.landing.snapshot import Snapshot
from jiceng_pipeline.warehouse.connection import connect


@dataclass(frozen=True)
class _Delivery:
    """A delivery that was read to its end and lies in a private folder."""

    rows_in: int
    rows_accepted: int
    rows_rejected: int
    delivery: Literal["full", "incremental"]
    cursor_from: str | None
    cursor: str | None
    rows_new: int
    rows_changed: int
    rows_ended: int
    rows_repeated: int
    records: int
    bytes: int
    content_hash: str
    schema: tuple[str, ...]
    notes: dict[str, str]


def pull(contract: Contract, settings: Settings, *, allow_shrinking: bool = False) -> Outcome:
    """Pull one system and return what became of it, as it is also written to `outcomes/`.

    A source that cannot be reached or sends what its contract does not allow is a failed outcome, not
    an exception; `error["kind"]` is "SourceUnreachable" where the caller may try again. So is anything
    unforeseen. `allow_shrinking` takes in a delivery of less than half of the records in force, or one
    unlike the last, for the rare day when that is right. Raises StorageFailure, and IntegrityError for damaged landing.
    """
    started = clock.now().isoformat()
    folder = snapshot.folder(settings, contract)
    with files.storage(folder):
        _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
    stamp = snapshot.next_stamp(settings, contract)
    links = force.chain(force.taken(settings, contract))
    since = increment.asked_from(contract, settings, links)

    def ended(status: Status, **facts: Any) -> Outcome:
        taken = snapshot.in_force(settings, contract)
        name = taken.name if taken else None
        finished = clock.now().isoformat()
        found = Outcome(contract.name, started, finished, status=status, snapshot=name, **facts)
        return outcome.write(settings, contract, stamp, found)

    try:
        with _private(folder / f".pull-{stamp}") as work:
            # one scratch database for all that is asked of a delivery: to open one takes longer than a village's rows
            with connect(work / "scratch.duckdb", settings=settings) as engine:
                delivery = _receive(contract, settings, engine, work, links, since)
                _check(contract, settings, engine, delivery, work, links, allow_shrinking)
            is_new = not _holds(links, delivery)
            if is_new:
                name = f"{stamp}-{delivery.content_hash[:12]}"
                snapshot.keep(folder / name, work, _meta(contract, stamp, delivery, links))
    except (StorageFailure, IntegrityError):
        raise
    except JicengError as error:
        return ended("failed", error=outcome.told(error, contract.name), **_asked(since))
    except Exception as error:
        return ended("failed", error=outcome.told(_unforeseen(error), contract.name), **_asked(since))
    return ended("landed" if is_new else "unchanged", **vars(delivery))


def _asked(since: Since | None) -> dict[str, Any]:
    return {"delivery": "incremental" if since else "full", "cursor_from": since.value if since else None}


def _source(contract: Contract, settings: Settings, since: Since | None) -> Source:
    """Return the system as its connector sees it, with the column that says a record has ended."""
    address = connections.address(settings, contract.name)
    delivery = contract.delivery
    extra = (delivery.deleted.column,) if isinstance(delivery, Incremental) and delivery.deleted else ()
    columns = (*contract.source_columns, *extra)
    return Source(contract.name, columns, contract.renames, address, since, optional=extra)


def _receive(
    contract: Contract,
    settings: Settings,
    engine: duckdb.DuckDBPyConnection,
    work: Path,
    links: Sequence[Snapshot],
    since: Since | None,
) -> _Delivery:
    """Read everything the system has to say and write it to the folder `work`."""
    source = _source(contract, settings, since)
    kind = contract.connector.kind
    options = options_of(kind, contract.connector.options)
    with (
        closing(load(kind).read(source, options)) as extract,
        closing(Arrival(contract, settings.secret, work, engine)) as arrival,
    ):
        count = 0
        for batch in extract.batches:
            count += batch.num_rows
            arrival.add(batch)
            arrival.reject(extract.rejects)
            extract.rejects.clear()
            progress.report(Step("pull", contract.title, rows=count, done=count, total=extract.promised_rows))
        arrival.reject(extract.rejects)
        content_hash = arrival.finish(links if since else ())
    if extract.promised_rows not in (None, arrival.accepted + arrival.rejected):
        raise SourceRejected(
            f"半截数据：对方说有 {extract.promised_rows} 行，收到 {arrival.accepted + arrival.rejected} 行",
            where=contract.name,
            cure="请重新完整导出或检查接口",
        )
    change = arrival.change
    records = force.records(links) + change.new if since else arrival.accepted
    return _Delivery(
        rows_in=arrival.accepted + arrival.rejected,
        rows_accepted=arrival.accepted,
        rows_rejected=arrival.rejected,
        delivery="incremental" if since else "full",
        cursor_from=since.value if since else None,
        cursor=increment.later(since.value if since else None, arrival.cursor),
        rows_new=change.new,
        rows_changed=change.changed,
        rows_ended=change.ended,
        rows_repeated=change.repeated,
        records=records - change.ended,
        bytes=extract.source_bytes,
        content_hash=content_hash,
        schema=contract.source_columns,
        notes=extract.notes,
    )


def _check(
    contract: Contract,
    settings: Settings,
    engine: duckdb.DuckDBPyConnection,
    delivery: _Delivery,
    work: Path,
    links: Sequence[Snapshot],
    allow_shrinking: bool,
) -> None:
    """Refuse what cannot be all that the system has; an increment may be as small as it likes."""
    if delivery.delivery == "incremental":
        return
    plausible.check_size(contract, engine, work, delivery.records, force.records(links), allow_shrinking)
    before = links[-1].meta["notes"] if links else {}
    delivery.notes.update(plausible.expected(contract, settings, engine, work, delivery.notes, before))
    if not allow_shrinking:
        likeness.check(contract, engine, work, links, delivery.notes)


def _holds(links: Sequence[Snapshot], delivery: _Delivery) -> bool:
    """Return whether the snapshots in force already say this, undamaged as far as a look shows."""
    if not force.is_sound(links):
        return False
    news = delivery.rows_new + delivery.rows_changed + delivery.rows_ended + delivery.rows_rejected
    if delivery.delivery == "incremental" and not news:
        return True
    return bool(links[-1].meta["content_hash"] == delivery.content_hash)


def _meta(contract: Contract, stamp: str, delivery: _Delivery, links: Sequence[Snapshot]) -> dict[str, Any]:
    damaged = [] if delivery.delivery == "incremental" else [each for each in links if not snapshot.is_whole(each)]
    return {
        **vars(delivery),
        "system": contract.name,
        "stamp": stamp,
        "connector": contract.connector.kind,
        "key": contract.key,
        "base": links[-1].name if links else None,
        "declared": increment.declared(contract),
        "replaces": [each.name for each in damaged],
    }


def _unforeseen(error: Exception) -> JicengError:
    """Return an error that says where in our code it happened, and of its message only the harmless words."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(PACKAGE)]
    at = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return JicengError(
        f"没有料到的错误（{type(error).__name__}：{redacted(error)}）",
        where=at,
        cure="请把这条信息告诉维护者；上一快照照常使用",
    )


@contextmanager
def _private(folder: Path) -> Iterator[Path]:
    with files.storage(folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path) -> None:
    """Remove what killed pulls left behind."""
    for path in (*folder.glob(".*"), *folder.glob("outcomes/.*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
