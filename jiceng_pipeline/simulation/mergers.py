"""撤村并居: communities that became one, as the reference has it, and what staff call them before and after."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation.chance import Ints

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.city import City

ENDINGS = "(居委会|村委会)$"
IsDue = Callable[[date], bool]


def merged(city: "City", is_due: IsDue) -> "City":
    """Return the city with the communities merged whose day is due, as `is_due(day)` says."""
    for code, name, into in _due(city, is_due):
        rows = np.flatnonzero(np.asarray(pc.is_in(city.communities["code"], pa.array(code))))
        if len(rows):
            city = _merge(city, rows, into, name)
    return city


def wordings(city: "City", on: date) -> dict[str, str]:
    """Return what staff wrote of communities merged on that day (code, name, short name) → what they write now."""
    found: dict[str, str] = {}
    township = city.shard.name
    for codes, name, into in _due(city, lambda day: day == on):
        found |= dict.fromkeys(codes, into)
        for old in (city.reference.names[code] for code in codes):
            for front in ("", township):
                for one, other in ((old, name), (_short(old), _short(name))):
                    found[front + one] = front + other
    return found


def days_of(city: "City") -> list[date]:
    """Return the days since the first one on which communities of this township were merged."""
    changes = city.reference.division_changes
    mine = changes.filter(pc.starts_with(changes["code"], city.shard.township[:9]))
    days = sorted({date.fromisoformat(each) for each in mine["date"].to_pylist()})
    return [day for day in days if city.start.astype(date) < day <= city.as_of]


def _due(city: "City", is_due: IsDue) -> Iterator[tuple[list[str], str, str]]:
    """Yield mergers of this township: codes that end, the new one's name and code."""
    changes = city.reference.division_changes
    mine = changes.filter(pc.starts_with(changes["code"], city.shard.township[:9])).to_pylist()
    for into in dict.fromkeys(each["merged_into"] for each in mine):
        one = [each for each in mine if each["merged_into"] == into]
        if is_due(date.fromisoformat(one[0]["date"])):
            yield [each["code"] for each in one], one[0]["name"], into


def _merge(city: "City", rows: Ints, code: str, name: str) -> "City":
    table = city.communities
    front = city.shard.name if table["name"][rows[0]].as_py().startswith(city.shard.name) else ""
    mask = np.zeros(table.num_rows, np.bool_)
    mask[rows[0]] = True
    for column, value in (("code", code), ("name", front + name)):
        values = pc.if_else(pa.array(mask), value, table[column].combine_chunks())
        table = table.set_column(table.column_names.index(column), column, values)

    def moved(community: Ints) -> Ints:
        return np.where(np.isin(community, rows), rows[0], community)

    return replace(
        city,
        communities=table,
        homes=replace(city.homes, community=moved(city.homes.community)),
        enterprises=replace(city.enterprises, community=moved(city.enterprises.community)),
    )


def _short(name: str) -> str:
    return re.sub(ENDINGS, "", name)
