"""Model versions: weights, name counts and stop-lists, pinned together in an immutable folder, named by the ledger.

`models/<version>/` under the home holds `weights.json`, `name_count.parquet` and `stopped.parquet`; values
and names stand there as keyed hashes only. The version is the hash of what is in it, with the number of the
format it is written in: a release reads those it knows, and refuses any other with what to do about it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.model import Model
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import statistics, weights
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.standard.macro import literal

FORMAT = 2
_READ = (1, FORMAT)  # what was written before there was a number is of format 1; 2 has the accuracy beside it
ENGINE = "matching"  # who appends the event where nobody asked for a training
_LISTS = {
    "name_count": "select k.keyed as name, c.entities from name_count as c join keyed_name as k using (name)",
    "stopped": "select k.keyed as value, s.kind from stopped as s join keyed_value as k using (kind, value)",
}


@dataclass(frozen=True)
class Accuracy:
    """What would become of the probes if this were the link weight: precision, recall, over probes."""

    link_bits: int
    precision: float
    recall: float


@dataclass(frozen=True)
class Version:
    """One model version of one entity; of format 1 nobody knows the accuracy."""

    entity: str
    name: str
    folder: Path
    weights: weights.Weights
    accuracy: tuple[Accuracy, ...] = ()


def in_force(settings: Settings, matching: Matching) -> Version | None:
    """Return the version that the ledger names, None where it names none; raise IntegrityError where it is gone."""
    with open_ledger(settings) as ledger:
        entry = views.standing(ledger, Model).get(matching.entity)
    return _read(settings, matching, entry.body.version) if entry else None


def read(settings: Settings, entity: str, name: str) -> Version:
    """Return a version; raise IntegrityError where its files are missing or changed, or not of this release's kind."""
    return _read(settings, matchings()[entity], name)


def _read(settings: Settings, matching: Matching, name: str) -> Version:
    folder = Path(settings.models / name)
    try:
        told = _told(folder)
        form = told.get("format", 1)
        if form not in _READ:
            raise _unread(name, folder, f"是第 {form} 种格式，这个程序读得懂第 {'、'.join(map(str, _READ))} 种")
        written = told.pop("files")
        if name != _name(told) or any(_digest(folder / file) != digest for file, digest in written.items()):
            raise ValueError(name)
    except (OSError, ValueError, KeyError):
        raise IntegrityError(
            f"模型版本 {name} 不见了或被改动",
            where=str(folder),
            cure="从备份恢复这个文件夹，或用 jiceng model train 重新训练",
        ) from None
    learned = {of: {int(level): bits for level, bits in each.items()} for of, each in told["weights"].items()}
    if learned.keys() != weights.untrained(matching).keys():
        raise _unread(name, folder, "比对的项目和这个程序的归并规则不同")
    return Version(matching.entity, name, folder, learned, tuple(Accuracy(*each) for each in told.get("accuracy", ())))


def _unread(name: str, folder: Path, why: str) -> IntegrityError:
    return IntegrityError(
        f"模型版本 {name} {why}",
        where=str(folder),
        cure="用 jiceng model train 重新训练，或换回固定它的那一版程序",
    )


def pin(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    matching: Matching,
    learned: weights.Weights,
    accuracy: Sequence[Accuracy],
) -> Version:
    """Write what `training.train` left as a version; `enforce` puts it in force."""
    for each, select in _LISTS.items():
        connection.execute(f"create or replace temp table pinned_{each} as {select} order by all")
    facts = {
        "format": FORMAT,
        "entity": matching.entity,
        "weights": {of: {str(level): bits for level, bits in each.items()} for of, each in learned.items()},
        "shared_systems": [
            system
            for (system,) in connection.execute(
                f"""select distinct r.system from {matching.records} as r
                where mark_number(r.system) in (select place from shared_place) order by all"""
            ).fetchall()
        ],
        "accuracy": [[each.link_bits, each.precision, each.recall] for each in accuracy],
        "probes": connection.execute("select count(*) from probe").fetchall()[0][0],
        "lists": {name: _fingerprint(connection, f"pinned_{name}") for name in _LISTS},
    }
    name = _name(facts)
    folder = Path(settings.models / name)
    if not folder.exists():
        with files.new_folder(folder) as draft:
            for each in _LISTS:
                path = draft / f"{each}.parquet"
                connection.execute(f"copy pinned_{each} to {literal(str(path))} (format parquet, compression zstd)")
            written = {path.name: _digest(path) for path in sorted(draft.iterdir())}
            files.write_json(draft / "weights.json", {**facts, "files": written})
    return _read(settings, matching, name)


def enforce(settings: Settings, version: Version, reason: str, actor: str = ENGINE) -> None:
    """Put a version in force by an event in the ledger."""
    with open_ledger(settings) as ledger:
        body = Model.model_validate({"entity": version.entity, "version": version.name, "reason": reason})
        ledger.append("model", body.subject, body, actor)


def load(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    matching: Matching,
    version: Version,
    named: str,
    *,
    is_few: bool = False,
) -> None:
    """Create temp tables `stopped`, `name_count` and `shared_place` from a version, for what this build has.

    Bearers are counted of the names that the rows of `prepared` have where the SQL `named` holds. `is_few`: these are
    a few of the records only, and how many hold a value is counted among all.
    """
    load_places(connection, version)
    (statistics.create_often_of_few if is_few else statistics.create_often)(connection, matching)
    statistics.create_keyed_value(connection, settings, matching, "often", statistics.held(matching))
    connection.execute(f"create or replace temp table stopped as {listed(version)}")
    load_names(connection, settings, matching, version, named)


def load_places(connection: duckdb.DuckDBPyConnection, version: Version) -> None:
    """Create temp table `shared_place` from a version."""
    systems = ", ".join(literal(system) for system in _told(version.folder)["shared_systems"]) or "null"
    connection.execute(
        f"""create or replace temp table shared_place as
        select mark_number(system) as place from (select unnest([{systems}]) as system) where system is not null"""
    )


def load_names(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, version: Version, named: str
) -> None:
    """Create temp table `name_count` from a version, of the names in `prepared` where the SQL `named` holds."""
    counted = statistics.name(matching, "r")
    statistics.create_keyed_name(connection, settings, matching, f"select {counted} from prepared as r where {named}")
    connection.execute(
        f"""create or replace temp table name_count as
        select k.name, n.entities from keyed_name as k
        join read_parquet({literal(str(version.folder / "name_count.parquet"))}) as n on n.name = k.keyed"""
    )


def listed(version: Version) -> str:
    """Return a select of (kind, value): what of `keyed_value` the version's stop-list has."""
    return f"""select k.kind, k.value from keyed_value as k
        semi join read_parquet({literal(str(version.folder / "stopped.parquet"))}) as s
            on s.kind = k.kind and s.value = k.keyed"""


def _fingerprint(connection: duckdb.DuckDBPyConnection, rows: str) -> str:
    told = connection.execute(
        f"select count(*), sum(md5_number_lower(concat_ws('|', *columns(*)))) from {rows} as listed"
    ).fetchall()[0]
    return "|".join(str(each) for each in told)


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "weights.json").read_text("utf-8"))
    return told


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _name(facts: Mapping[str, Any]) -> str:
    return sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def named(connection: duckdb.DuckDBPyConnection, entity: str) -> str:
    """Return the version that this build uses."""
    rows = connection.execute("select version from matching.model where entity = ?", [entity]).fetchall()
    name: str = rows[0][0]
    return name
