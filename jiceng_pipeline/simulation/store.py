"""What a department's store is to the simulation: one module of `stores/`, found by scanning."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.core import files
from jiceng_pipeline.simulation import stores as folder_of_stores
from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.text import Text

KEY_SEPARATOR = "\x1f"
TOWNSHIP = b"township"  # of a table: the code of the township its rows were written down in


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


def source_key(rows: Any, key: tuple[str, ...]) -> Text:
    """Return the raw texts of the key columns, joined as landing joins them; null counts as empty."""
    columns = [pc.fill_null(rows[name].combine_chunks(), "") for name in key]
    return pc.binary_join_element_wise(*columns, KEY_SEPARATOR)


@dataclass(frozen=True)
class Change:
    """What a day changes in a store: rows that are new or written again, and the keys of those that are gone."""

    changed: Any
    gone: Any  # the key columns alone

    def __len__(self) -> int:
        """Return how many records change."""
        return int(self.changed.num_rows + self.gone.num_rows)


@dataclass(frozen=True)
class Place:
    """Where a store keeps its things, and the servers it may use."""

    folder: Path
    postgresql: str = ""  # libpq URL that may write
    http: str = ""  # base URL
    token: str = ""
    mysql: str = ""  # URL that may write; empty where no store is in MariaDB


class Store(Protocol):
    """A module of `stores/`. One that is served over HTTP also has PATH and `respond`, see http_service."""

    SYSTEM: str
    ENTITY: Literal["resident", "enterprise", "equipment", "city_case", "service_point"]
    KEY: tuple[str, ...]
    COMMUNITY: str  # the column with communities; empty: none
    RHYTHM: Rhythm

    @staticmethod
    def records(city: City, rates: Rates, only: Bools | None = None) -> Records:
        """Return what this department's staff wrote down of the city.

        `only` restricts it to what they write again today of the people (or enterprises) so marked; a
        record keeps its key then, and may be gone.
        """

    @staticmethod
    def write(tables: Iterable[Any], as_of: date, place: Place, /) -> None:
        """Write the records into the real store: tables of text with the source's columns, a township each."""

    @staticmethod
    def connection(place: Place) -> dict[str, Any]:
        """Return the store's entry in connections.yaml."""


@cache
def stores() -> Mapping[str, Store]:
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


def district_of(rows: Any) -> str:
    """Return the code of the district a table's rows were written down in, six digits."""
    return str(((rows.schema.metadata or {}).get(TOWNSHIP) or b"").decode()[:6])


def batches(tables: Iterable[Any], rows: int = 50_000) -> Iterator[Any]:
    """Yield tables cut into pieces a store can write at once; an empty table is one empty piece."""
    for each in tables:
        for start in range(0, max(1, each.num_rows), rows):
            yield each.slice(start, rows)


def table(**columns: Text) -> Any:
    """Return text columns as a table."""
    return pa.table({name: text.column(values) for name, values in columns.items()})


def numbered(rows: Any, sheet: str, within: str, number: str = "序号") -> Any:
    """Return rows sheet by sheet in the order in which these first occur, sorted there by a column, counted anew."""
    place = pc.dictionary_encode(rows[sheet].combine_chunks()).indices.to_numpy()
    _, rank = np.unique(rows[within].to_numpy(), return_inverse=True)
    order = np.lexsort((rank if within != sheet else place, place))
    rows, place = rows.take(pa.array(order)), place[order]
    count = np.arange(len(place)) - np.searchsorted(place, place) + 1
    return rows.set_column(rows.column_names.index(number), number, text.number(count))
