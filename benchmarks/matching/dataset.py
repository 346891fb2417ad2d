"""The records that every contender gets: landed, standardised and prepared, as Parquet, with the truth beside them.

Prepared is what the pipeline prepares before it matches anything: names by sound, keys of addresses, numbers as
they were typed. What that takes is noted once a dataset, and counted for nobody.

A dataset is one city, a part of one, or several put side by side: seed, seed + 1, seed + 2, and of the last
only as many communities as are wanted. Several cities come of other seeds but of the same places, so they
are made disjoint: the house numbers, family numbers and communities of the k-th are marked with k, and the
people of a later city whose number an earlier one has are left out.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import pull, snapshot
from jiceng_pipeline.landing.identity import record_id_expression
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.simulation.truth import truth
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import Table, materialise

LINK = "matching.resident_link"
STANDARD, READING = "standard.resident_record", "standard.name_reading"
RECORD = "staging.resident_record"
STANDARDISED = "standardised.duckdb"  # in the home of a city: its standard tables
_MOST_DOUBLED = 9  # how often one source key may stand in one system
_ADDRESSES = ("dwelling_address", "registered_address", "property_address")
_MARKED = ("household_number", "subsistence_certificate_number", "community_code")


@dataclass(frozen=True)
class Wanted:
    """A dataset by its parameters; `records` is how many are wanted, None: the whole of one city."""

    scale: str
    profile: str
    seed: int
    records: int | None = None

    @property
    def name(self) -> str:
        """Return the name of its folder."""
        return "-".join((self.scale, str(self.records or "whole"), self.profile, str(self.seed)))


@dataclass(frozen=True)
class Dataset:
    """A folder with `<schema>.<table>.parquet` of every table the engine starts from, and `truth.parquet`."""

    folder: Path

    @property
    def truth(self) -> Path:
        """Return the truth: record_id, true_id."""
        return self.folder / "truth.parquet"

    def table(self, full_name: str) -> Path:
        """Return where a table lies."""
        return self.folder / f"{full_name}.parquet"

    def tables(self) -> Mapping[str, Path]:
        """Return full name → path of every table that a contender may start from."""
        return {name: self.table(name) for name in (RECORD, READING)}

    def facts(self) -> dict[str, float]:
        """Return how many records, cities and people left out, and the seconds that preparing took."""
        found: dict[str, float] = json.loads((self.folder / "facts.json").read_text("utf-8"))
        return found


def prepare(work: Path, wanted: Wanted) -> Dataset:
    """Make the dataset below `work`, cities included, unless it is there."""
    made = Dataset(work / "datasets" / wanted.name)
    if (made.folder / "facts.json").exists() and all(path.exists() for path in made.tables().values()):
        return made
    made.folder.mkdir(parents=True, exist_ok=True)
    (made.folder / "work.duckdb").unlink(missing_ok=True)  # of an attempt that broke off
    records = cities = left_out = 0
    with connect(made.folder / "work.duckdb", settings=Settings(home=work)) as connection:
        while cities == 0 or records < (wanted.records or 0):
            left_out += _add(connection, home(work, wanted, cities), cities, wanted.records)
            records = connection.execute(f"select count(*) from {STANDARD}").fetchall()[0][0]
            cities += 1
        started = time.perf_counter()
        materialise(connection, catalogue.tables(Settings(home=work))[RECORD], Settings(home=work))
        seconds = round(time.perf_counter() - started, 2)
        connection.execute(f"copy {RECORD} to {literal(str(made.table(RECORD)))} (format parquet, compression zstd)")
        for name, path in ((READING, made.table(READING)), ("truth.link", made.truth)):
            connection.execute(f"copy (from {name} order by all) to {literal(str(path))} (compression zstd)")
    (made.folder / "work.duckdb").unlink()
    facts = {"records": records, "cities": cities, "people_left_out": left_out, "prepare_seconds": seconds}
    (made.folder / "facts.json").write_text(json.dumps(facts), "utf-8")
    return made


def steps(settings: Settings, target: str) -> tuple[Table, ...]:
    """Return the tables between the prepared ones and `target`, each after those it needs."""
    every = catalogue.tables(settings)
    return tuple(every[name] for name in upstream(settings, target, RECORD) if name != RECORD)


def upstream(settings: Settings, target: str, stop: str | None = None) -> list[str]:
    """Return the names of a table and of all it needs, each after those it needs; of `stop` itself nothing more."""
    every, found = catalogue.tables(settings), dict[str, None]()

    def visit(name: str) -> None:
        if name not in every or name in found:
            return
        if name != stop:
            for need in sorted(every[name].depends):
                visit(need)
        found[name] = None

    visit(target)
    return list(found)


def home(work: Path, wanted: Wanted, place: int, **limits: Any) -> Settings:
    """Return the home of the city at this place, simulated and landed if it was not; `limits` are of its settings."""
    seed = wanted.seed + place
    settings = Settings(home=work / "homes" / f"{wanted.scale}-{wanted.profile}-{seed}", **limits)
    missing = [each for each in contracts().values() if snapshot.in_force(settings, each) is None]
    if missing:
        if not (settings.simulated / "city.json").exists():
            simulate(settings, scale=wanted.scale, seed=seed, profile=wanted.profile)
        with running(settings):
            for contract in missing:
                pull.pull(contract, settings)
        if lost := [each.name for each in missing if snapshot.in_force(settings, each) is None]:
            raise SystemExit(f"{settings.home}: {', '.join(lost)} did not land; run it again")
    return settings


def _add(connection: duckdb.DuckDBPyConnection, city: Settings, place: int, most: int | None) -> int:
    """Add a city to the tables of `connection`; return how many of its people are left out."""
    file = _standardised(city)
    connection.execute(f"attach {literal(str(file))} as city (read_only)")
    people, said = truth(city).resident, truth(city).resident_record
    connection.execute("create schema if not exists standard; create schema if not exists truth")
    connection.execute("create table if not exists truth.person (citizen_id varchar)")
    connection.execute("create table if not exists truth.link (record_id varchar, true_id varchar)")
    connection.execute(
        f"""create or replace temp table person as
        select person_id, citizen_id, community_code, citizen_id in (from truth.person) is true as is_known
        from read_parquet({literal(str(people))})"""
    )
    connection.execute(
        f"""create or replace temp table link as
        select r.record_id, '{place}|' || s.person_id as true_id, coalesce(p.community_code, '') as community_code
        from city.{STANDARD} as r left join (
            select {record_id_expression(city.secret, "system", "source_key", "ordinal")} as record_id, person_id
            from read_parquet({literal(str(said))}), range(1, {_MOST_DOUBLED + 1}) as o(ordinal)) as s using (record_id)
        left join person as p using (person_id) where p.is_known is not true"""
    )
    had = 0 if place == 0 else connection.execute("select count(*) from truth.link").fetchall()[0][0]
    if most is not None:
        connection.execute(
            f"""create or replace temp table link as
            with part as (
                select community_code, sum(count(*)) over (order by sha256(community_code)) as records, count(*) as own
                from link group by community_code)
            select link.* from link join part using (community_code) where {had} + records - own < {most}"""
        )
    connection.execute("insert into truth.link select record_id, true_id from link")
    connection.execute(
        "insert into truth.person select citizen_id from person where not is_known and citizen_id is not null"
    )
    for name in (STANDARD, READING):
        connection.execute(f"create table if not exists {name} as from city.{name} limit 0")
        which = "semi join link using (record_id)" if name == STANDARD else f"anti join {name} using (name)"
        marked = _marked(place) if name == STANDARD and place else ""
        connection.execute(f"insert into {name} select each.* {marked} from city.{name} as each {which}")
    left: int = connection.execute("select count(*) from person where is_known").fetchall()[0][0]
    connection.execute("detach city")
    return left


def _standardised(city: Settings) -> Path:
    """Return a database with the standard tables of a home, made from what landed there."""
    return made(city, STANDARDISED, (name for target in (STANDARD, READING) for name in upstream(city, target, RECORD)))


def made(settings: Settings, file_name: str, tables: Iterable[str]) -> Path:
    """Return a database in a home with these tables, made in this order, once each, unless the file is there."""
    file = settings.home / file_name
    if not file.exists():
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with connect(draft, settings=settings) as connection:
            for name in dict.fromkeys(tables):
                materialise(connection, catalogue.tables(settings)[name], settings)
        draft.replace(file)
    return file


def _marked(place: int) -> str:
    first = r"'(\d)'"
    parts = [
        *(f"regexp_replace({each}, {first}, '{90 + place}\\1') as {each}" for each in _ADDRESSES),
        *(f"{each} || '_{place}' as {each}" for each in _MARKED),
    ]
    return f"replace ({', '.join(parts)})"
