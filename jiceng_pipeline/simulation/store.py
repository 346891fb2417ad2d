"""What a department's store is to the simulation: one module of `stores/`, found by scanning."""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.core import files
from jiceng_pipeline.simulation import stores as folder_of_stores
from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.text import Text

KEY_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Mark:
    """Rows in which one kind of error was made in one column (none: in the record as a whole)."""

    column: str
    kind: str
    rows: Bools


@dataclass(frozen=True)
class Records:
    """What a department wrote down: source columns as text in the store's order, and of whom."""

    table: Any
    entity_id: Text
    marks: tuple[Mark, ...]

    def source_key(self, key: tuple[str, ...]) -> Text:
        """Return the raw texts of the key columns, joined as landing joins them; null counts as empty."""
        columns = [pc.fill_null(self.table[name].combine_chunks(), "") for name in key]
        return pc.binary_join_element_wise(*columns, KEY_SEPARATOR)

    def errors(self, system: str, key: tuple[str, ...]) -> Any:
        """Return the errors made: system, source_key, column, kind."""
        keys = self.source_key(key)
        parts = [
            pa.table(
                {
                    "system": pa.array([system] * int(mark.rows.sum()), pa.string()),
                    "source_key": keys.filter(pa.array(mark.rows)),
                    "column": pa.array([mark.column] * int(mark.rows.sum()), pa.string()),
                    "kind": pa.array([mark.kind] * int(mark.rows.sum()), pa.string()),
                }
            )
            for mark in self.marks
        ]
        return pa.concat_tables(parts)


@dataclass(frozen=True)
class Place:
    """Where a store keeps its things, and the servers it may use."""

    folder: Path
    postgresql: str = ""  # libpq URL that may write
    http: str = ""  # base URL
    token: str = ""


class Store(Protocol):
    """A module of `stores/`. One that is served over HTTP also has PATH and `respond`, see http_service."""

    SYSTEM: str
    ENTITY: Literal["resident", "enterprise", "equipment", "city_case"]
    KEY: tuple[str, ...]

    @staticmethod
    def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
        """Return what this department's staff wrote down of the city.

        `only` restricts it to what they write again today of the people (or enterprises) so marked; a
        record keeps its key then, and may be gone.
        """

    @staticmethod
    def write(records: Records, as_of: date, place: Place, /) -> None:
        """Write the records into the real store."""

    @staticmethod
    def connection(place: Place) -> dict[str, Any]:
        """Return the store's entry in connections.yaml."""


def stores() -> dict[str, Store]:
    """Return every store there is, by system."""
    path = folder_of_stores.__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))
    found = [importlib.import_module(f"{folder_of_stores.__name__}.{name}") for name in names]
    return {module.SYSTEM: cast(Store, module) for module in found}


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a draft that becomes `path` when the block ends well."""
    with files.storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with files.new_file(path) as draft:
        yield draft


def table(**columns: Text) -> Any:
    """Return text columns as a table."""
    return pa.table({name: text.column(values) for name, values in columns.items()})
