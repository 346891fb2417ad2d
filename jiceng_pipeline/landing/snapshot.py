"""Snapshots: what a system sent, one immutable folder each; the newest is the one in force.

landing/<department>/<system>/<stamp>-<first 12 of the content hash>/
    rows.parquet     _record_id, _row_hash, _file, _row, then the source's columns as text and, of a
                     system that can deliver increments, _ended: the row says its record has ended
    rejects.parquet  _file, _row, reason
    snapshot.json    counts, hashes, columns; `delivery` is full or incremental, `base` the snapshot before,
                     `cursor` the highest taken so far, `records` how many are in force with this snapshot
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract

ROWS, REJECTS, META = "rows.parquet", "rejects.parquet", "snapshot.json"
RECORD_ID, ROW_HASH, ENDED = "_record_id", "_row_hash", "_ended"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{12}")
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_STAMP_LENGTH = len("20261124T105033.123456Z")


@dataclass(frozen=True)
class Snapshot:
    """One delivery that was taken in. `stamp` is when its pull began, `meta` is its snapshot.json."""

    name: str
    stamp: str
    rows: Path
    rejects: Path
    meta: Mapping[str, Any]


def folder(settings: Settings, contract: Contract) -> Path:
    """Return the folder of one system."""
    return settings.landing / contract.department / contract.system


def snapshots(settings: Settings, contract: Contract) -> list[Snapshot]:
    """Return every snapshot of the system, oldest first."""
    return [_read(path) for path in _folders(settings, contract)]


def in_force(settings: Settings, contract: Contract) -> Snapshot | None:
    """Return the newest snapshot of the system, None before the first."""
    found = _folders(settings, contract)
    return _read(found[-1]) if found else None


def _folders(settings: Settings, contract: Contract) -> list[Path]:
    place = folder(settings, contract)
    return sorted(path for path in place.glob("[0-9]*") if _NAME.fullmatch(path.name))


def _read(path: Path) -> Snapshot:
    try:
        meta = json.loads((path / META).read_text("utf-8"))
    except (OSError, ValueError):
        raise damaged(path / META) from None
    return Snapshot(path.name, path.name[:_STAMP_LENGTH], path / ROWS, path / REJECTS, meta)


def keep(target: Path, work: Path, meta: Mapping[str, Any]) -> None:
    """Make `target` of the files a pull wrote to `work`, all in one instant."""
    with files.new_folder(target) as draft:
        for name in (ROWS, REJECTS):
            (work / name).rename(draft / name)
        described = {name: fingerprint(draft / name) for name in (ROWS, REJECTS)}
        files.write_json(draft / META, {**meta, "files": described})


def is_whole(snapshot: Snapshot) -> bool:
    """Return whether its files are there and as long as they were: the quick look of every pull."""
    sizes = {path: path.stat().st_size if path.is_file() else -1 for path in (snapshot.rows, snapshot.rejects)}
    return all(size == snapshot.meta["files"][path.name]["bytes"] for path, size in sizes.items())


def verify(snapshot: Snapshot) -> None:
    """Raise IntegrityError where a file of the snapshot is not byte for byte what was landed."""
    for path in (snapshot.rows, snapshot.rejects):
        if not path.is_file() or fingerprint(path) != snapshot.meta["files"][path.name]:
            raise damaged(path)


def fingerprint(path: Path) -> dict[str, Any]:
    """Return a file's size and SHA-256, as snapshot.json keeps them."""
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": file_digest(stream, "sha256").hexdigest()}


def damaged(path: Path) -> IntegrityError:
    """Return the error of a file in landing that is not what was landed."""
    return IntegrityError("快照已损坏或被改动", where=str(path), cure="从备份恢复这个文件夹")


def next_stamp(settings: Settings, contract: Contract) -> str:
    """Return now as a stamp, or just after the system's last pull where the clock has not moved on.

    So the newest by name is the newest in truth, also when the clock is frozen or was set back.
    """
    place = folder(settings, contract)
    taken = [path.name[:_STAMP_LENGTH] for path in (*place.glob("[0-9]*"), *place.glob("outcomes/[0-9]*"))]
    return max(clock.stamp(), _after(max(taken))) if taken else clock.stamp()


def _after(stamp: str) -> str:
    return (datetime.strptime(stamp, _STAMP) + timedelta(microseconds=1)).strftime(_STAMP)


def day(stamp: str) -> str:
    """Return the SQL for the day in Shanghai on which a pull with this stamp, itself SQL, began."""
    return f"cast(strptime(substr({stamp}, 1, 15), '%Y%m%dT%H%M%S') + interval 8 hour as date)"


def local_date(stamp: str) -> date:
    """Return the day in Shanghai on which a pull with this stamp began."""
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).astimezone(clock.LOCAL).date()
