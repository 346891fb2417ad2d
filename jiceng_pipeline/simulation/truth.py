"""The hidden truth, for `jiceng evaluate` only: who is who, and of whom every record speaks."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiceng_pipeline.core import files
from jiceng_pipeline.core.progress import Step, report
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import journal, offices, service_points, state, text
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.running import transition
from jiceng_pipeline.simulation.store import Store, source_key, stores, whole

# of whom a record of each kind speaks: equipment of who uses it, a case of who reported it
PARTS, DAY = "parts", "day"
KEYS = {
    "resident": "person_id",
    "enterprise": "enterprise_id",
    "equipment": "enterprise_id",
    "city_case": "person_id",
    "service_point": "service_point_id",
}


@dataclass(frozen=True)
class Truth:
    """Paths of the truth tables.

    `resident`, `enterprise`, `dwelling` and `service_point` have a row an entity; `resident_record`,
    `enterprise_record`, `equipment_record`, `city_case_record` and `service_point_record` say
    (system, source_key) → entity;
    `error` says (system, source_key, column, kind) of every error made.
    """

    folder: Path

    @property
    def resident(self) -> Path:
        """Return residents: person_id, household_id, name, citizen_id, birth_date, community_code, ..."""
        return self.folder / "resident.parquet"

    @property
    def enterprise(self) -> Path:
        """Return enterprises: enterprise_id, credit_code, name, ..."""
        return self.folder / "enterprise.parquet"

    @property
    def dwelling(self) -> Path:
        """Return dwellings: address, community_code, longitude, latitude."""
        return self.folder / "dwelling.parquet"

    @property
    def service_point(self) -> Path:
        """Return service points, as `service_points.service_points` makes them."""
        return self.folder / "service_point.parquet"

    @property
    def resident_record(self) -> Path:
        """Return of whom each record speaks: system, source_key, person_id."""
        return self.folder / "resident_record.parquet"

    @property
    def enterprise_record(self) -> Path:
        """Return of which enterprise each record speaks: system, source_key, enterprise_id."""
        return self.folder / "enterprise_record.parquet"

    @property
    def error(self) -> Path:
        """Return the errors made: system, source_key, column, kind."""
        return self.folder / "error.parquet"


def place(settings: Settings) -> Truth:
    """Return where the truth of this instance's city lies, of whichever day it is."""
    return Truth(settings.simulated / "truth")


def truth(settings: Settings) -> Truth:
    """Return the truth of the city's present day, written anew where what lies there is of an earlier one.

    The city lives without it: only who evaluates needs it, and of a whole city it takes a minute.
    """
    at, note = place(settings), settings.simulated / "city.json"
    if note.exists():
        with transition(settings):
            _refresh(settings, at, json.loads(note.read_text("utf-8")))
    return at


def keep(at: Truth, city: City) -> None:
    """Keep who lives in one township, what trades and what stands there, until `write` joins all townships."""
    for name, make in TABLES.items():
        rows = make(city)
        with whole(_part(at, name, city.shard.township)) as draft, pa.ipc.new_file(draft, rows.schema) as out:
            out.write_table(rows)


def write(at: Truth, settings: Settings, townships: Sequence[str]) -> None:
    """Write the truth tables: what was kept of each township, and what the offices say of whom."""
    for name in TABLES:
        _write(at.folder / f"{name}.parquet", (_read(_part(at, name, township)) for township in townships))
    shutil.rmtree(at.folder / PARTS)
    found = stores()
    for entity, key in KEYS.items():
        of_kind = [store for store in found.values() if entity == store.ENTITY]
        _write(
            at.folder / f"{entity}_record.parquet", (part for each in of_kind for part in _records(settings, each, key))
        )
    _write(at.error, (part for store in found.values() for part in _errors(settings, store)))


def _refresh(settings: Settings, at: Truth, note: Mapping[str, Any]) -> None:
    said, day = at.folder / DAY, int(note.get("day", 0))
    if not day or (said.exists() and said.read_text() == str(day)):
        return
    said.unlink(missing_ok=True)
    reference = Reference.read(settings.reference)
    for done, township in enumerate(note["townships"], start=1):
        keep(at, state.load(reference, state.folder(settings, township, day)))
        report(Step("truth", township, None, done, len(note["townships"])))
    write(at, settings, list(note["townships"]))
    files.write_text(said, str(day))


def _part(at: Truth, name: str, township: str) -> Path:
    return at.folder / PARTS / f"{name}.{township}.arrow"


def _read(path: Path) -> Any:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _records(settings: Settings, store: Store, key: str) -> Iterator[Any]:
    """Yield of whom the records of a system speak, those that ended included: from which day to which."""
    folder = offices.folder(settings, store.SYSTEM)
    live = (
        journal.lifetime(rows, store.KEY)
        for rows in offices.kept(settings, store.SYSTEM, [*store.KEY, journal.ENTITY, journal.SINCE])
    )
    for rows in (*live, *journal.ended(folder, store.KEY)):
        system = pa.repeat(store.SYSTEM, rows.num_rows)
        yield rows.rename_columns({"entity": key}).add_column(0, "system", system)


def _errors(settings: Settings, store: Store) -> Iterator[Any]:
    """Yield the errors made in the records of a system: system, source_key, column, kind."""
    for rows in offices.kept(settings, store.SYSTEM, [*store.KEY, journal.ERRORS]):
        made = rows[journal.ERRORS].combine_chunks()
        named = pc.split_pattern(made.flatten(), offices.BETWEEN)
        yield pa.table(
            {
                "system": pa.repeat(store.SYSTEM, len(named)),
                "source_key": source_key(rows, store.KEY).take(pc.list_parent_indices(made)),
                "column": pc.list_element(named, 0),
                "kind": pc.list_element(named, 1),
            }
        )


def residents(city: City) -> Any:
    """Return one row a person, in no telling order."""
    people, homes = city.people, city.homes.standard()
    codes = city.communities["code"]
    return pa.table(
        {
            "person_id": city.person_id,
            "household_id": city.household_id,
            "name": city.names,
            "sex_code": text.pick(("2", "1"), people.male.astype(np.int64)),
            "birth_date": pa.array(people.birth.astype("datetime64[D]")),
            "citizen_id": text.where(city.documents.is_held, None, people.citizen_id),
            "document_type_code": city.documents.codes(),
            "document_number": city.identity_number,
            "ethnic_group_code": people.ethnic_group,
            "marital_status_code": people.marital_status,
            "family_relation_code": people.relation,
            "phone": people.phone,
            "previous_phone": people.previous_phone,
            "registered_address": city.registered_address,
            "dwelling_address": text.pick(homes, city.dwelling),
            "previous_address": text.pick(homes, city.previous_dwelling),
            "community_code": text.pick(codes, city.community),
            "dwelling_community_code": text.pick(codes, city.homes.community[city.dwelling]),
            "is_registered": pa.array(city.is_registered),
            "death_date": pa.array(people.death.astype("datetime64[D]")),
            "left_date": pa.array(city.settled.left.astype("datetime64[D]")),  # of those who are not here any more
        }
    )


def enterprises(city: City) -> Any:
    """Return one row an enterprise, in no telling order."""
    firms, trades = city.enterprises, city.reference.trades
    plain, yes = np.zeros(len(firms), np.int64), np.ones(len(firms), np.bool_)
    return pa.table(
        {
            "enterprise_id": city.enterprise_id,
            "credit_code": firms.credit_code,
            "name": firms.name,
            "registration_number": firms.registration_number,
            "category": pa.array(firms.category),
            "status_code": firms.status,
            "legal_representative_person_id": city.person_id.take(pa.array(firms.person)),
            "phone": firms.phone,
            "address": firms.addresses(plain, yes),
            "community_code": text.pick(city.communities["code"], firms.community),
            "food_business_code": text.pick(trades["food_code"], firms.trade),
            "established_date": pa.array(firms.established.astype("datetime64[D]")),
        }
    )


def _write(path: Path, parts: Iterable[Any]) -> None:
    """Write tables into one file, in their order."""
    with whole(path) as draft, ExitStack() as open_files:
        out = None
        for rows in parts:
            out = out or open_files.enter_context(pq.ParquetWriter(draft, rows.schema, compression="zstd"))
            out.write_table(rows)


# what is kept of each township
TABLES: Mapping[str, Callable[[City], Any]] = MappingProxyType(
    {
        "resident": residents,
        "enterprise": enterprises,
        "dwelling": service_points.dwellings,
        "service_point": service_points.service_points,
    }
)
