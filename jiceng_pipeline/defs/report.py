"""What a sync tells at its end: what came in, what was made of it, what somebody has to do."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import figures
from jiceng_pipeline.warehouse import publish

if TYPE_CHECKING:
    from jiceng_pipeline.defs.sync import Sync

DONE, KEPT_A_SNAPSHOT, INTERRUPTED = 0, 3, 130


@dataclass(frozen=True)
class SyncReport:
    """`version` is the one served now; counts are those of this run, as far as it came."""

    run_id: str
    exit_code: int
    version: str | None = None
    is_new: bool = False
    systems: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    entities: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)
    returned: Mapping[str, int] = field(default_factory=dict)
    tickets: list[Mapping[str, Any]] = field(default_factory=list)
    error: Mapping[str, str] | None = None
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)

    @classmethod
    def read(cls, settings: Settings, run_id: str) -> Self | None:
        """Return the report a run left, None where it did not get so far."""
        path = settings.builds / run_id / "report.json"
        return cls(**json.loads(path.read_text("utf-8"))) if path.is_file() else None

    def write(self, settings: Settings) -> None:
        """Leave the report in the run's folder."""
        files.write_json(settings.builds / self.run_id / "report.json", self.to_json())


def failed(settings: Settings, run_id: str, error: JicengError | None, seconds: float) -> SyncReport:
    """Return the report of a run that did not begin; no error means that it was interrupted."""
    return SyncReport(
        run_id,
        exit_code=error.exit_code if error else INTERRUPTED,
        version=_served(settings),
        error=_told(error),
        seconds=seconds,
    )


def _served(settings: Settings) -> str | None:
    """Return the version being served; a damaged one is told as the error it is, not here."""
    try:
        served = publish.current(settings)
    except (JicengError, OSError):
        return None
    return served.name if served else None


def corrected(told: SyncReport, failure: BaseException) -> SyncReport:
    """Return the report of a run that ended for a reason its steps did not know."""
    if isinstance(failure, JicengError):
        return replace(told, exit_code=failure.exit_code, error=_told(failure))
    return replace(told, exit_code=INTERRUPTED)


def assemble(sync: "Sync") -> SyncReport:
    """Return the report of a run that is over."""
    try:
        with sync.connection() as connection:
            counts = _counts(connection)
    except (duckdb.OperationalError, OSError):  # a full disk must not hide why the run failed
        counts = {}
    systems = _systems(sync, counts.get("systems", {}))
    tickets = counts.pop("tickets", None) or (figures.unmet(sync.settings) if sync.is_settled else [])
    error = sync.errors[0] if sync.errors else None
    return SyncReport(
        sync.run_id,
        exit_code=_exit_code(sync, error, systems),
        version=_served(sync.settings),
        is_new=sync.published is not None and sync.published.is_new,
        **{**counts, "systems": systems},
        tickets=tickets,
        error=_told(error),
        seconds=sync.seconds,
    )


def _systems(sync: "Sync", built: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Return what was made of each system's rows, with how its pull went this time."""
    pulled = figures.outcomes(sync.outcomes)
    return {
        name: {
            **pulled.get(name, {}),
            **built.get(name, {}),
            **({"status": pulled[name]["status"]} if name in pulled else {}),
        }
        for name in sorted({*pulled, *built})
    }


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {
        "systems": figures.systems(connection),
        "entities": figures.entities(connection),
        "checks": figures.checks(connection),
        "returned": figures.returned(connection),
        "tickets": figures.tickets(connection),
    }


def _exit_code(sync: "Sync", error: JicengError | None, systems: Mapping[str, Mapping[str, Any]]) -> int:
    if sync.is_finished:
        return KEPT_A_SNAPSHOT if any(told["stale"] for told in systems.values()) else DONE
    if sync.is_interrupted or (error is None and sync.is_stopped()):
        return INTERRUPTED
    if error:
        return error.exit_code
    # a run of a few assets publishes nothing and is done; a full one that ends here broke outside our steps
    return JicengError.exit_code if sync.is_full else DONE


def _told(error: JicengError | None) -> Mapping[str, str] | None:
    if error is None:
        return None
    return {"kind": type(error).__name__, "what": error.what, "where": error.where, "cure": error.cure}
