"""How right reconciliation is at the size of a district, against the hidden truth of cities nothing was tuned on.

    python -m benchmarks.accuracy --work DIR [--scale district] [--seeds default=41,harsh=42] [--splink harsh]

Simulates a city of each profile, lands it, and makes its tables up to residents, households and enterprises.
A street of the same errors lives some days, to see which ids stay. Where Splink is asked for it clusters a part
of the records of residents, as the engine does anew. Writes benchmarks/results/accuracy.json, with how hard
the data is beside the figures.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import result
from benchmarks.matching import judging
from benchmarks.matching.dataset import READING, STANDARDISED, Wanted, home, made, prepare, upstream
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import pull
from jiceng_pipeline.matching import evaluation, hardness
from jiceng_pipeline.simulation import error_model
from jiceng_pipeline.simulation.advance import advance
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.truth import truth
from jiceng_pipeline.warehouse.connection import connect

ROOT = Path(__file__).parents[1]
TARGETS = ("matching.household_member", "matching.resident_link", "matching.enterprise_link", READING)
# seeds that rules, weights and thresholds were looked at on, and those that were reported on before
USED = {"tuned_on": [11, 12, 13], "reported_before": [24, 25]}
LIVED = ("street", 7)  # where it is looked at which ids stay, and over how many days
KNOWLEDGE = (
    "The authors of this repository wrote the simulation with its errors, the engine and the Splink model. Nothing "
    "here proves accuracy on real records."
)


@dataclass(frozen=True)
class Asked:
    """What is asked for; the memory is DuckDB's, of this engine and of Splink."""

    work: Path
    scale: str
    part: int
    memory: str
    threads: int

    @property
    def limits(self) -> dict[str, Any]:
        """Return the limits as settings name them."""
        return {"memory_limit": self.memory, "threads": self.threads}


def built(settings: Settings, name: str) -> Path:
    """Return a database with the reconciled tables of what has landed, made unless it is there."""
    return made(settings, f"{name}.duckdb", (table for target in TARGETS for table in upstream(settings, target)))


def figures(asked: Asked, profile: str, seed: int) -> dict[str, Any]:
    """Return the figures of one city."""
    settings = home(asked.work, Wanted(asked.scale, profile, seed), 0, **asked.limits)
    with connect(settings=settings, attach={"built": built(settings, "built")}) as connection:
        connection.execute("use built")
        at = truth(settings)
        hard, found = hardness.hardness(connection, settings, at), evaluation.evaluate(connection, settings, at)
        by_error = evaluation.by_error(connection, settings, at)
        merged = evaluation.valid_ids_merged(connection)
    floor = hardness.FLOORS[profile]
    return {
        "seed": seed,
        "error_model": error_model.of_city(settings).fingerprint,
        "hardness": _rounded(asdict(hard)) | {"floor": asdict(floor), "too_easy": list(floor.lacking(hard))},
        **{entity: _rounded(scores) for entity, scores in found.items()},
        "valid_ids_merged": merged,
        "by_error": {kind: _rounded(each) for kind, each in by_error.items()},
    }


def compared(asked: Asked, profile: str, seed: int) -> dict[str, Any]:
    """Return the figures of Splink and of the engine over the same part of the city's records of residents."""
    settings = home(asked.work, Wanted(asked.scale, profile, seed), 0, **asked.limits)
    if not (settings.home / STANDARDISED).exists():
        (settings.home / STANDARDISED).symlink_to(built(settings, "built").absolute())
    dataset = prepare(asked.work, Wanted(asked.scale, profile, seed, asked.part))
    told: dict[str, Any] = {"records": dataset.facts()["records"]}
    for name in ("engine", "splink"):
        answer = dataset.folder / f"{name}.answer.parquet"
        given = (name, str(dataset.folder.absolute()), str(answer.absolute()), asked.memory, str(asked.threads))
        run = [sys.executable, "-m", "benchmarks.matching.contender", *given]
        needed = json.loads(subprocess.run(run, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)
        scores = judging.judged(dataset, settings, answer)
        told |= {f"{name}_{score}": _round(value) for score, value in scores.items()}
        told |= {f"{name}_cpu_seconds": needed["cpu_seconds"], f"{name}_peak_gb": needed["peak_gb"]}
    return told


def kept(asked: Asked, profile: str, seed: int) -> dict[str, Any]:
    """Return the share of ids that stay while a street of the same errors lives some days under one model version.

    Of the entities that have a record left: whether one of their records goes by the same id as before.
    """
    scale, days = LIVED
    settings = home(asked.work, Wanted(scale, profile, seed), 0, **asked.limits)
    first = built(settings, "built")
    if not (settings.home / "later.duckdb").exists():
        with running(settings):
            advance(settings, days)
            for contract in contracts().values():
                pull.pull(contract, settings)
    with connect(settings=settings, attach={"one": first, "two": built(settings, "later")}) as connection:
        told = {entity: _kept(connection, f"matching.{entity}_link") for entity in ("resident", "enterprise")}
        told["household"] = _kept(connection, "matching.household_member", "resident_id", "household_id")
    return {"scale": scale, "days": days, **told}


def _kept(connection: duckdb.DuckDBPyConnection, table: str, by: str = "record_id", named: str = "entity_id") -> float:
    share: float = connection.execute(
        f"""select avg(cast(is_kept as integer)) from (
            select a.{named}, bool_or(a.{named} = b.{named}) as is_kept
            from one.{table} as a join two.{table} as b using ({by}) group by a.{named})"""
    ).fetchall()[0][0]
    return round(share, 6)


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: _round(value) for name, value in scores.items()}


def _round(value: float) -> float:
    return value if isinstance(value, int) else round(value, 6)


def main() -> None:
    """Measure every profile and write the figures; what was measured of other profiles before stays."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    arguments.add_argument("--work", type=Path, required=True, help="folder for cities: several gigabytes")
    arguments.add_argument("--scale", default="district")
    arguments.add_argument("--seeds", default="default=41,harsh=42", help="never those that were looked at before")
    arguments.add_argument("--splink", default="harsh", help="profiles of which a part is given to Splink too")
    arguments.add_argument("--part", type=int, default=1_000_000, help="how many records that part has")
    arguments.add_argument("--memory", default="8GB")
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    asked = Asked(given.work, given.scale, given.part, given.memory, given.threads)
    told = result.known("accuracy")
    told |= {
        "command": "python -m benchmarks.accuracy",
        "scale": given.scale,
        "seeds_of_before": USED,
        "who_knows_what": KNOWLEDGE,
    }
    seeds = {profile: int(seed) for profile, seed in (each.split("=") for each in given.seeds.split(","))}
    for profile, seed in seeds.items():
        told[profile] = figures(asked, profile, seed)
        result.write("accuracy", told)
    for profile, seed in seeds.items():
        if profile in given.splink.split(","):
            told[profile]["same_records"] = compared(asked, profile, seed)
        told[profile]["id_kept"] = kept(asked, profile, seed)
        result.write("accuracy", told)


if __name__ == "__main__":
    main()
