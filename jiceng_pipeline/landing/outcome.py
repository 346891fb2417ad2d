"""Outcomes: one file for every pull, also for one that found nothing new or failed; never changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError, JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot as snapshots

Status = Literal["landed", "unchanged", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of one pull: rows_in = rows_accepted + rows_rejected, all 0 for a failed one.

    `delivery` is what was asked for, everything or what changed from `cursor_from` on. Of an increment,
    rows_accepted = rows_new + rows_changed + rows_ended + rows_repeated, and the `records` in force
    afterwards are those before + rows_new - rows_ended; of everything, rows_ended of the rows say that
    their record has ended, and the others are the records in force. `cursor` is the highest so far.

    `started` and `finished` are ISO 8601 in UTC, `snapshot` the one in force afterwards. `error` has
    `kind` (the class's name; only SourceUnreachable is worth another try), `what`, `where` and `cure`.
    """

    system: str
    started: str
    finished: str
    status: Status
    snapshot: str | None
    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    delivery: Literal["full", "incremental"] = "full"
    cursor_from: str | None = None
    cursor: str | None = None
    rows_new: int = 0
    rows_changed: int = 0
    rows_ended: int = 0
    rows_repeated: int = 0
    records: int = 0
    bytes: int = 0
    content_hash: str | None = None
    schema: tuple[str, ...] = ()
    error: Mapping[str, str] | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Outcome":
        """Return the outcome in the file; raise IntegrityError where it is none."""
        try:
            fields = json.loads(path.read_text("utf-8"))
            return cls(**{**fields, "schema": tuple(fields["schema"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise IntegrityError("拉取结果文件已损坏", where=str(path), cure="从备份恢复这个文件") from None


def folder(settings: Settings, contract: Contract) -> Path:
    """Return where the outcomes of one system lie."""
    return snapshots.folder(settings, contract) / "outcomes"


def latest(settings: Settings, contract: Contract) -> Outcome | None:
    """Return how the system's last pull ended, None where it was never pulled."""
    stamp = latest_stamp(settings, contract)
    return Outcome.read(folder(settings, contract) / f"{stamp}.json") if stamp else None


def latest_stamp(settings: Settings, contract: Contract) -> str | None:
    """Return the stamp of the system's last pull, None where it was never pulled."""
    found = sorted(path.stem for path in folder(settings, contract).glob("[0-9]*.json"))
    return found[-1] if found else None


def write(settings: Settings, contract: Contract, stamp: str, outcome: Outcome) -> Outcome:
    """Write the outcome of the pull that began at `stamp` and return it."""
    files.write_json(folder(settings, contract) / f"{stamp}.json", asdict(outcome))
    return outcome


def told(error: JicengError, system: str) -> Mapping[str, str]:
    """Return an error as an outcome holds it; where it names no place, the place is the system."""
    return {"kind": type(error).__name__, "what": error.what, "where": error.where or system, "cure": error.cure}
