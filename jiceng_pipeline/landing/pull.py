"""Pull: ask a department's system for its data and land it as a snapshot, or say why not.

Only a whole and plausible delivery becomes a snapshot; otherwise the last one stays in force. A pull
may be killed at any instant: what it leaves is a folder whose name begins with a dot, which the next
pull of the system removes. One pull of a system at a time, which the lock of a sync sees to.
"""

import shutil
import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiceng_pipeline.connectors.base import Source, load, options_of
from jiceng_pipeline.core import clock, files, progress
from jiceng_pipeline.core.errors import IntegrityError, JicengError, SourceRejected, StorageFailure
from jiceng_pipeline.core.progress import Step
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import connections, outcome, snapshot
from jiceng_pipeline.landing.arrival import Arrival
from jiceng_pipeline.landing.outcome import Outcome, Status
from jiceng_pipeline.landing.snapshot import Snapshot
from jiceng_pipeline.warehouse.connection import connect

# A register does not lose half its people between two deliveries; an export that was cut off, filtered
# or taken from a test system does. Landing it would end those records and with them what hangs on them.
KEEP_AT_LEAST = 0.5


@dataclass(frozen=True)
class _Delivery:
    """A delivery that was read to its end and lies in a private folder."""

    rows_in: int
    rows_accepted: int
    rows_rejected: int
    bytes: int
    content_hash: str
    schema: tuple[str, ...]
    notes: Mapping[str, str]


def pull(contract: Contract, settings: Settings, *, allow_shrinking: bool = False) -> Outcome:
    """Pull one system and return what became of it, as it is also written to `outcomes/`.

    A source that cannot be reached or sends what its contract does not allow is a failed outcome, not
    an exception; `error["kind"]` is "SourceUnreachable" where the caller may try again. So is anything
    unforeseen. `allow_shrinking` takes in a delivery of less than KEEP_AT_LEAST of the rows in force,
    for the rare day when that is right. Raises StorageFailure, and IntegrityError for damaged landing.
    """
    started = clock.now().isoformat()
    folder = snapshot.folder(settings, contract)
    with files.storage(folder):
        _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
    stamp = snapshot.next_stamp(settings, contract)
    before = snapshot.in_force(settings, contract)

    def ended(status: Status, taken: Snapshot | None, **facts: Any) -> Outcome:
        name = taken.name if taken else None
        finished = clock.now().isoformat()
        found = Outcome(contract.name, started, finished, status=status, snapshot=name, **facts)
        return outcome.write(settings, contract, stamp, found)

    try:
        with _private(folder / f".pull-{stamp}") as work:
            delivery = _receive(contract, settings, work)
            _check(contract, delivery, before, allow_shrinking)
            is_new = not _holds(before, delivery)
            if is_new:
                snapshot.keep(folder / f"{stamp}-{delivery.content_hash[:12]}", work, _meta(contract, stamp, delivery))
    except (StorageFailure, IntegrityError):
        raise
    except JicengError as error:
        return ended("failed", before, error=outcome.told(error, contract.name))
    except Exception as error:
        return ended("failed", before, error=outcome.told(_unforeseen(error), contract.name))
    return ended("landed" if is_new else "unchanged", snapshot.in_force(settings, contract), **vars(delivery))


def _receive(contract: Contract, settings: Settings, work: Path) -> _Delivery:
    """Read everything the system has to say and write it to the folder `work`."""
    address = connections.address(settings, contract.name)
    source = Source(contract.name, contract.source_columns, contract.renames, address)
    kind = contract.connector.kind
    options = options_of(kind, contract.connector.options)
    with (
        closing(load(kind).read(source, options)) as extract,
        connect(work / "scratch.duckdb", settings=settings) as engine,
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
        content_hash = arrival.finish()
    if extract.promised_rows not in (None, arrival.accepted + arrival.rejected):
        raise SourceRejected(
            f"半截数据：对方说有 {extract.promised_rows} 行，收到 {arrival.accepted + arrival.rejected} 行",
            where=contract.name,
            cure="请重新完整导出或检查接口",
        )
    return _Delivery(
        arrival.accepted + arrival.rejected,
        arrival.accepted,
        arrival.rejected,
        extract.source_bytes,
        content_hash,
        contract.source_columns,
        extract.notes,
    )


def _check(contract: Contract, delivery: _Delivery, before: Snapshot | None, allow_shrinking: bool) -> None:
    """Refuse a delivery that is empty or lost most of what the system had."""
    usable = delivery.rows_accepted
    had = before.meta["rows_accepted"] if before else 0
    if not usable:
        seen = f"{delivery.rows_in} 行全部读不出来" if delivery.rows_in else "一行数据也没有"
        raise SourceRejected(f"空文件：{seen}", where=contract.name, cure="请检查导出条件和格式后重新导出")
    if usable < KEEP_AT_LEAST * had and not allow_shrinking:
        raise SourceRejected(
            f"半截文件：这次只有 {usable} 行可用，上次有 {had} 行",
            where=contract.name,
            cure="请核对是否导出完整；确实减少的，请书面说明，由管理员放行",
        )


def _holds(before: Snapshot | None, delivery: _Delivery) -> bool:
    """Return whether the snapshot in force already has this content, undamaged as far as a look shows."""
    return before is not None and before.meta["content_hash"] == delivery.content_hash and snapshot.is_whole(before)


def _meta(contract: Contract, stamp: str, delivery: _Delivery) -> dict[str, Any]:
    return {
        **vars(delivery),
        "system": contract.name,
        "stamp": stamp,
        "connector": contract.connector.kind,
        "key": contract.key,
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
