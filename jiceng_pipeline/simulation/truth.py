"""The hidden truth, for `jiceng evaluate` only: who is who, and of whom every record speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.store import Records, Store, whole

# of whom a record of each kind speaks: equipment of who uses it, a case of who reported it
KEYS = {"resident": "person_id", "enterprise": "enterprise_id", "equipment": "enterprise_id", "city_case": "person_id"}


@dataclass(frozen=True)
class Truth:
    """Paths of the truth tables.

    `resident` and `enterprise` have a row an entity; `resident_record`, `enterprise_record`,
    `equipment_record` and `city_case_record` say (system, source_key) → entity; `error` says
    (system, source_key, column, kind) of every error made.
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


def truth(settings: Settings) -> Truth:
    """Return where the truth of this instance's city lies."""
    return Truth(settings.simulated / "truth")


def write(at: Truth, city: City, written: Mapping[str, tuple[Store, Records]]) -> None:
    """Write the truth tables."""
    _write(at.resident, residents(city))
    _write(at.enterprise, enterprises(city))
    for entity, key in KEYS.items():
        parts = [
            pa.table(
                {
                    "system": pa.array([system] * len(records.entity_id), pa.string()),
                    "source_key": records.source_key(store.KEY),
                    key: records.entity_id,
                }
            )
            for system, (store, records) in written.items()
            if entity == store.ENTITY
        ]
        if parts:
            _write(at.folder / f"{entity}_record.parquet", pa.concat_tables(parts))
    errors = [records.errors(system, store.KEY) for system, (store, records) in written.items()]
    _write(at.error, pa.concat_tables(errors))


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
            "citizen_id": people.citizen_id,
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


def _write(path: Path, rows: Any) -> None:
    with whole(path) as draft:
        pq.write_table(rows, draft, compression="zstd")
