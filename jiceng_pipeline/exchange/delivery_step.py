"""The way of a subscription from one version to the next: its batches lie in the home until they have arrived.

    exchange/<subscription>/steps/<first number>/   step.json, state.parquet, plan.parquet, one folder a batch

A step is there or absent (one rename), and so is each of its batches. Its `step.json` says how far the subscriber will
be with it, and `state.parquet` holds the fingerprints of what was handed over: only the last step still has that.
`plan.parquet` says what has to be told, without a value, as long as not every batch is made (`delivery_making`).
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_batch, delta
from jiceng_pipeline.exchange.delivery_batch import ROWS, Batch, Have
from jiceng_pipeline.exchange.delta_view import NOW, Column, View
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version

_OWN = "parquet_version v2"  # nobody but us reads it
KEPT_STEPS = 30  # of those that have arrived, or whose arrival nobody tells
_STATE, _PLAN, _STEP, _LOOKED = "state.parquet", "plan.parquet", "step.json", "looked"


@dataclass(frozen=True)
class Step:
    """A step that was begun; `told` is its `step.json`."""

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
    def plan(self) -> Path:
        """Return the file that says what has to be told."""
        return self.folder / _PLAN

    @property
    def is_whole(self) -> bool:
        """Say whether all its batches are made."""
        return "hash" in self.told

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns its rows have."""
        return tuple(Column(**each) for each in self.told["columns"])

    @property
    def made(self) -> datetime:
        """Return when it was made."""
        return datetime.fromisoformat(self.told["made"])


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


def complete(step: Step, hash: str) -> None:
    """Note that all batches of a step are made, and the hash of the last."""
    write(step.folder, {**step.told, "hash": hash})
    step.plan.unlink(missing_ok=True)


def begin(
    settings: Settings, view: View, version: Version, last: Step | None, *, after: Have, encoding: str
) -> Step | None:
    """Settle what leads from the last step to `version`, its batches still to be made; None where nothing is told.

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
            # a key that stands in the row itself is not written down once more
            key = "case when position is null then row_key end" if view.key else "row_key"
            plan = f"select n, position, {key} as row_key, operation, reason, other_key from delta"
            for name, select in ((_STATE, "select row_key, shown, raw from seen"), (_PLAN, plan)):
                copy = f"copy ({select}) to {literal(str(draft / name))} (format parquet, {_OWN})"
                ((count,),) = connection.execute(copy).fetchall()
                (draft / name).chmod(0o600)
            told = {
                "version": version.name, "first": after.number + 1, "last": after.number + max(1, -(-count // ROWS)),
                "after": after.hash, "is_baseline": last is None, "wanted": summary(wanted),
                "columns": facts["columns"], "announced": facts["next_columns"], "grant": view.access.grant,
                "target": wanted.target, "made": clock.now().isoformat(),
                "facts": facts, "encoding": encoding, "size": ROWS,
            }  # fmt: skip
            write(draft, told)
    publish.hold(settings, wanted.subscription_id, version.name)
    _thin(settings, wanted.subscription_id, is_anew=last is None)
    return every(settings, wanted.subscription_id)[-1]


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
