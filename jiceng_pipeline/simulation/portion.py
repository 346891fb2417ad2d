"""A few households of a township with all they have to do with, as a small city.

Chance belongs to things by their serial numbers, so what an office writes down of a portion is what it
writes down of the same people in the whole township.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from jiceng_pipeline.simulation.chance import Ints
from jiceng_pipeline.simulation.city import City

NOBODY: Ints = np.empty(0, np.int64)

# What a row of each column is (a person, where nothing is said), and what the numbers in it are rows of.
ROWS = {
    "homes": "dwelling",
    "dwelling_serial": "dwelling",
    "enterprises": "enterprise",
    "enterprise_id": "enterprise",
    "enterprise_serial": "enterprise",
    "affairs.owner": "dwelling",
    "affairs.sales": "dwelling",
    "affairs.case_person": "case",
    "affairs.case_serial": "case",
    "affairs.case_opened": "case",
    "affairs.case_closed": "case",
    "communities": "community",
}
REFERS = {
    "people.household": "household",
    "dwelling": "dwelling",
    "registered_at": "dwelling",
    "previous_dwelling": "dwelling",
    "homes.community": "community",
    "enterprises.community": "community",
    "enterprises.person": "person",
    "affairs.owner": "person",
    "affairs.employer": "enterprise",
    "affairs.case_person": "person",
}
Column = Callable[[str, Any], Any]


def members(city: City, rows: Ints) -> Ints:
    """Return the rows of everybody in the households of some people."""
    household = city.people.household
    wanted = np.zeros(int(household.max(initial=-1)) + 1, np.bool_)
    wanted[household[rows]] = True
    return np.flatnonzero(wanted[household])


def part(city: City, people: Ints, firms: Ints = NOBODY) -> City:
    """Return the city of these people and enterprises (rows): their families, homes, landlords and employers."""
    family = members(city, np.r_[people, city.enterprises.person[firms]])
    homes = _lived_in(city, family)
    owned = np.zeros(len(city.people), np.bool_)
    owned[family] = True
    owner = city.owner
    homes = np.union1d(homes, np.flatnonzero(owned[owner] & (owner >= 0)))
    landlords = owner[homes]
    kept = members(city, np.r_[family, landlords[landlords >= 0]])
    employer = city.settled.employer[kept]
    is_kept = np.zeros(len(city.people), np.bool_)
    is_kept[kept] = True
    return _taken(
        city,
        {
            "person": kept,
            "dwelling": np.union1d(homes, _lived_in(city, kept)),
            "enterprise": np.union1d(firms, employer[employer >= 0]),
            "case": np.flatnonzero(is_kept[city.settled.case_person]),
            "household": np.unique(city.people.household[kept]),
        },
    )


def _lived_in(city: City, rows: Ints) -> Ints:
    every = np.r_[city.dwelling[rows], city.registered_at[rows], city.previous_dwelling[rows]]
    return np.unique(every[every >= 0])


def _taken(city: City, rows: Mapping[str, Ints]) -> City:
    """Return the city of these rows of each kind of thing."""
    moved = {kind: _places(kept) for kind, kept in rows.items()}

    def column(path: str, values: Any) -> Any:
        kept = rows.get(kind_of(path))
        if kept is not None:
            values = values.take(pa.array(kept)) if isinstance(values, pa.Array) else values[kept]
        if (places := moved.get(REFERS.get(path, ""))) is not None:
            values = places[np.where((values >= 0) & (values < len(places)), values, -1)]
            if path == "enterprises.person":
                values = np.maximum(values, 0)  # of the employers nobody asks who answers for them
        return values

    result: City = _mapped(city, column)
    return result


def _places(kept: Ints) -> Ints:
    """Return for each old row the new one; the last place stands for every row that is not kept."""
    places = np.full(int(kept.max(initial=-1)) + 2, -1)
    places[kept] = np.arange(len(kept))
    return places


def kind_of(path: str) -> str:
    """Return what a row of a column is."""
    return ROWS.get(path) or ROWS.get(path.partition(".")[0], "person")


def columns(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return every column of a city: `people.slot` → its values."""
    found: dict[str, Any] = {}
    for each in fields(value):
        held = getattr(value, each.name)
        if isinstance(held, np.ndarray | pa.Array):
            found[prefix + each.name] = held
        elif is_dataclass(held) and each.name != "reference":
            found |= columns(held, f"{prefix}{each.name}.")
    return found


def rebuilt(city: City, held: Mapping[str, Any]) -> City:
    """Return the city with these columns."""
    result: City = _mapped(city, lambda path, _: held[path])
    return result


def _mapped(value: Any, column: Column, prefix: str = "") -> Any:
    """Return a dataclass with every column replaced."""
    made: dict[str, Any] = {}
    for each in fields(value):
        held = getattr(value, each.name)
        if isinstance(held, np.ndarray | pa.Array):
            made[each.name] = column(prefix + each.name, held)
        elif is_dataclass(held) and each.name != "reference":
            made[each.name] = _mapped(held, column, f"{prefix}{each.name}.")
    return replace(value, **made)


def rows_of(serials: Ints, among: Ints) -> Ints:
    """Return the rows of things by their serial numbers, which rise from row to row; all have to be there."""
    result: Ints = np.searchsorted(among, serials)
    return result


def every(rows: Iterable[Ints]) -> Ints:
    """Return all rows named, each once, rising."""
    result: Ints = np.unique(np.concatenate([NOBODY, *rows]))
    return result
