"""The way of a subscription from one version to the next: its batches lie in the home until they have arrived.

    exchange/<subscription>/steps/<first number>/   step.json, state.parquet, one folder a batch

A step is whole or absent (one rename). Its `step.json` says how far the subscriber will be with it, and
`state.parquet` holds the fingerprints of what was handed over: only the last step still has that.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_batch, delta
from jiceng_pipeline.exchange.delivery_batch import ROWS, Batch, Have
from jiceng_pipeline.exchange.delta_view import NOW, Column, View
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier
from jiceng_pipeline.warehouse.publish import Version

KEPT_STEPS = 30  # of those that have arrived, or whose arrival nobody tells
_STATE, _STEP, _LOOKED = "state.parquet", "step.json", "looked"


@dataclass(frozen=True)
class Step:
    """A step that was made; `told` is its `step.json`."""

    folder: Path
    told: Mapping[str, Any]

    @property
    def first(self) -> int:
        """Return the number of its first batch."""
        return int(self.told["first"])

    @property
    def is_baseline(self) -> bool:
        """Say whether it needs nothing before it."""
        return bool(self.told["is_baseline"])

    @property
    def last(self) -> int:
        """Return the number of its last batch."""
        return int(self.told["last"])

    @property
    def state(self) -> Path:
        """Return the file of fingerprints."""
        return self.folder / _STATE

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns its rows have."""
        return tuple(Column(**each) for each in self.told["columns"])

    @property
    def made(self) -> datetime:
        """Return when it was made."""
        return datetime.fromisoformat(self.told["made"])

    def batches(self) -> list[Path]:
        """Return the folders of its batches, in order."""
        return sorted(path for path in self.folder.iterdir() if path.is_dir())


def place(settings: Settings, name: str) -> Path:
    """Return where the steps of a subscription lie."""
    return Path(settings.exchange) / name / "steps"


def every(settings: Settings, name: str) -> list[Step]:
    """Return the steps of a subscription that still lie here, in order."""
    folder = place(settings, name)
    found = sorted(path for path in folder.glob("[0-9]*") if path.is_dir()) if folder.is_dir() else []
    return [Step(path, json.loads((path / _STEP).read_text("utf-8"))) for path in found]


def write(draft: Path, told: Mapping[str, Any]) -> None:
    """Write `step.json` into the folder of a step that is being made."""
    files.write_json(draft / _STEP, told)


def make(
    settings: Settings, view: View, version: Version, last: Step | None, *, after: Have, encoding: str
) -> Step | None:
    """Make what leads from the last step to `version`; None where nothing is to be told.

    Without a last step, or where it was made under other rights, it is a baseline. `after` is number and hash of
    the last batch there was. The version is then held for the next comparison.
    """
    wanted = view.wanted
    before = _held(settings, last)
    attach = {NOW: version.database, **({delta.BEFORE: before.database} if before else {})}
    folder = place(settings, wanted.subscription_id)
    with files.storage(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with connect(settings=settings, attach=attach) as connection:
        connection.execute(f"use {NOW}")  # some masks look at other tables of the version
        offered = view.columns(connection)
        columns, coming = _schema(last, offered)
        view.create_seen(connection, columns, settings)
        count = delta.create(
            connection, view, last.state if last else None,
            has_before=before is not None,
            is_redefined=last is not None and last.told["wanted"] != summary(wanted),
        )  # fmt: skip
        if last and not count and not coming:
            return None
        facts = {
            "subscription": wanted.subscription_id,
            "subscriber": wanted.subscriber,
            "dataset": view.dataset.name,
            "title": view.dataset.title,
            "kind": "delta" if last and count else "announcement" if last else "baseline",
            "version": version.name,
            "previous_version": last.told["version"] if last else None,
            "as_of": str(version.manifest.get("inputs", {}).get("business_date", "")),
            "scope": wanted.scope,
            "conditions": summary(wanted)["conditions"],
            "profile": view.access.profile,
            "purpose": view.access.purpose,
            "grant": view.access.grant,
            "access": view.access.receipt,
            "row_key": view.key,
            "columns": [asdict(each) for each in columns],
            "next_columns": [asdict(each) for each in coming] if coming else None,
        }
        with files.new_folder(folder / delivery_batch.name(after.number + 1)) as draft:
            number, hash = _write(connection, view, columns, draft, facts, after, count, encoding)
            state = literal(str(draft / _STATE))
            connection.execute(f"copy (select row_key, shown, raw from seen) to {state} (format parquet)")
            (draft / _STATE).chmod(0o600)
            told = {
                "version": version.name, "first": after.number + 1, "last": number, "after": after.hash, "hash": hash,
                "is_baseline": last is None, "wanted": summary(wanted), "columns": facts["columns"],
                "announced": facts["next_columns"], "grant": view.access.grant,
                "target": wanted.target, "made": clock.now().isoformat(),
            }  # fmt: skip
            write(draft, told)
    publish.hold(settings, wanted.subscription_id, version.name)
    _thin(settings, wanted.subscription_id, is_anew=last is None)
    return every(settings, wanted.subscription_id)[-1]


def _write(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    columns: tuple[Column, ...],
    draft: Path,
    facts: Mapping[str, Any],
    after: Have,
    count: int,
    encoding: str,
) -> tuple[int, str]:
    """Write the batches; return number and hash of the last."""
    number, hash = after.number, after.hash
    parts = max(1, -(-count // ROWS))
    cells = view.select(columns, connection)
    for part in range(1, parts + 1):
        number += 1
        low, high = (part - 1) * ROWS + 1, part * ROWS
        operations = dict(
            connection.execute(
                "select operation, count(*) from delta where n between ? and ? group by 1 order by 1", [low, high]
            ).fetchall()
        )
        manifest = {
            **facts, "number": number, "part": part, "parts": parts, "rows": sum(operations.values()),
            "operations": operations, "created": clock.now().isoformat(), "previous_hash": hash,
        }  # fmt: skip
        select = _rows(view, cells, low, high, as_text=encoding == "ndjson")
        hash = delivery_batch.write(connection, draft / delivery_batch.name(number), encoding, select, manifest).hash
    return number, hash


def _rows(view: View, cells: Mapping[str, str], low: int, high: int, *, as_text: bool) -> str:
    """Return the select of the rows of one batch; of a row to be taken away only its key is told."""
    shown = ", ".join(f"{sql} as {identifier(name)}" for name, sql in cells.items())
    told = ", ".join(
        f"cast(t.{identifier(n)} as varchar) as {identifier(n)}" if as_text else f"t.{identifier(n)}" for n in cells
    )
    return f"""select d.operation as _operation, d.reason as _reason, d.row_key as _key, d.other_key as _other_key,
            {told}
        from delta as d
        left join (select rowid as _position, {shown} from {view.table}) as t on t._position = d.position
        where d.n between {low} and {high} order by d.n"""


def _schema(last: Step | None, offered: tuple[Column, ...]) -> tuple[tuple[Column, ...], tuple[Column, ...] | None]:
    """Return the columns to hand over now and those that are announced for the next time, None where they stay.

    A mask is no change of the schema: it applies at once.
    """
    if last is None:
        return offered, None
    shape = [(each.name, each.type) for each in offered]
    if [(each.name, each.type) for each in last.columns] == shape:
        return offered, None
    announced = [(each["name"], each["type"]) for each in last.told["announced"] or ()]
    if announced == shape:
        return offered, None
    masks = {each.name: each for each in offered}
    return tuple(
        Column(c.name, c.type, c.title, masks[c.name].mask if c.name in masks else "不再提供") for c in last.columns
    ), offered


def summary(wanted: Subscription) -> Mapping[str, Any]:
    """Return what decides what is in sight; where it changed, that is why rows come and go."""
    kept = {"dataset", "elements", "scope", "conditions", "profile"}
    return wanted.model_dump(mode="json", include=kept)


def _held(settings: Settings, last: Step | None) -> Version | None:
    """Return the version delivered last, where it is still there."""
    names = publish.versions(settings)
    return publish.find(settings, last.told["version"]) if last and last.told["version"] in names else None


def _thin(settings: Settings, name: str, *, is_anew: bool) -> None:
    """Keep the fingerprints of the last step only, and the batches of the last steps; none from before a baseline."""
    steps = every(settings, name)
    for step in steps[:-1]:
        step.state.unlink(missing_ok=True)
    for step in steps[: -1 if is_anew else -KEPT_STEPS]:
        shutil.rmtree(step.folder, ignore_errors=True)


def note_looked(settings: Settings, name: str, version: str) -> None:
    """Note that up to this version nothing was to be told."""
    files.write_text(Path(settings.exchange) / name / _LOOKED, version)


def looked(settings: Settings, name: str) -> str:
    """Return up to which version was looked without anything to be told."""
    path = Path(settings.exchange) / name / _LOOKED
    return path.read_text("utf-8") if path.exists() else ""


def forget(settings: Settings, name: str) -> None:
    """Remove what lies here of a subscription: its rights have ended, or it begins anew."""
    shutil.rmtree(Path(settings.exchange) / name, ignore_errors=True)
    publish.release(settings, name)


def batch(settings: Settings, name: str, number: int) -> Batch | None:
    """Return a batch that still lies here."""
    found = next((s.folder / delivery_batch.name(number) for s in every(settings, name) if number <= s.last), None)
    return delivery_batch.read(found) if found and found.is_dir() else None
