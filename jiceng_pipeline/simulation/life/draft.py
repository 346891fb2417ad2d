"""The city while a day changes it: columns to read and write, rows to add, and what happened to whom."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator
from numpy.typing import ArrayLike

from jiceng_pipeline.simulation import portion, text
from jiceng_pipeline.simulation.chance import Bools, Floats, Ints, Lots, seed_of, stream
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.family_names import row_of
from jiceng_pipeline.simulation.people import years_between
from jiceng_pipeline.simulation.text import Text

YEAR = 365
PERSON, ENTERPRISE = "person", "enterprise"
SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("subject", pa.string()),  # person or enterprise
        ("serial", pa.int64()),
        ("entity", pa.string()),
        ("lot", pa.int64()),  # what has one number is heard of together
        ("before", pa.string()),
        ("after", pa.string()),
    ]
)


@dataclass(frozen=True)
class Noted:
    """Something that happened to rows of people or enterprises."""

    kind: str
    subject: str
    rows: Ints
    lots: Ints
    before: Text
    after: Text


class Draft:
    """A city a day later; `day` and `today` are the new ones."""

    def __init__(self, city: City) -> None:
        self.city = replace(city, as_of=city.as_of + timedelta(days=1), day=city.day + 1)
        self.day, self.today, self.shard = self.city.day, self.city.today, self.city.shard
        self._columns = portion.columns(self.city)
        self._noted: list[Noted] = []

    def __getitem__(self, path: str) -> Any:
        return self._columns[path]

    def put(self, path: str, rows: Ints, values: Any) -> None:
        """Replace some cells of a column; `values` is one for all or one a row."""
        old = self._columns[path]
        if isinstance(old, pa.Array):
            mask, order = np.zeros(len(old), np.bool_), np.argsort(rows, kind="stable")
            mask[rows] = True
            one = isinstance(values, str)
            self._columns[path] = text.put(old, mask, values if one else text.column(values).take(pa.array(order)))
        else:
            new = old.copy()
            new[rows] = values
            self._columns[path] = new

    def add(self, kind: str, count: int, columns: Mapping[str, Any], like: Ints | None = None) -> Ints:
        """Add rows of people, enterprises or cases and return them; columns not given are as in the rows `like`."""
        mine = [path for path in self._columns if portion.kind_of(path) == kind]
        first = len(self._columns[mine[0]])
        for path in mine:
            old = self._columns[path]
            if path in columns:
                new = columns[path]
                new = np.full(count, new) if np.isscalar(new) and not isinstance(new, str) else new
            elif like is not None:
                new = old.take(pa.array(like)) if isinstance(old, pa.Array) else old[like]
            else:
                raise KeyError(path)
            if isinstance(old, pa.Array):
                new = pa.repeat(pa.scalar(new), count) if isinstance(new, str) else text.column(new)
                self._columns[path] = pa.concat_arrays([old, new])
            else:
                self._columns[path] = np.concatenate([old, np.asarray(new).astype(old.dtype)])
        return np.arange(first, first + count)

    def change(self, city: City) -> None:
        """Go on with another city, whose rows are the same."""
        self.city, self._columns = city, portion.columns(city)

    def order(self, path: str, order: Ints) -> None:
        """Put the rows of a column into another order."""
        self._columns[path] = self._columns[path][order]

    def note(
        self,
        kind: str,
        rows: Ints,
        before: Text | str = "",
        after: Text | str = "",
        subject: str = PERSON,
        lots: Ints | None = None,
    ) -> None:
        """Note what happened to people (or enterprises); offices hear of it later."""
        if len(rows):
            told = [
                pa.repeat(pa.scalar(each), len(rows)) if isinstance(each, str) else each for each in (before, after)
            ]
            own = self[f"{subject}_serial"][rows]
            self._noted.append(Noted(kind, subject, rows, own if lots is None else lots, *told))

    def done(self) -> tuple[City, Any]:
        """Return the city and the table of what happened."""
        tables = [
            pa.table(
                {
                    "kind": pa.repeat(pa.scalar(each.kind), len(each.rows)),
                    "subject": pa.repeat(pa.scalar(each.subject), len(each.rows)),
                    "serial": self[f"{each.subject}_serial"][each.rows],
                    "entity": self[f"{each.subject}_id"].take(pa.array(each.rows)),
                    "lot": each.lots,
                    "before": each.before,
                    "after": each.after,
                },
                schema=SCHEMA,
            )
            for each in self._noted
        ]
        return self.rebuilt(), pa.concat_tables([SCHEMA.empty_table(), *tables])

    def rebuilt(self) -> City:
        """Return the city as it is now."""
        return portion.rebuilt(self.city, self._columns)

    # what most of the day's happenings ask

    def __len__(self) -> int:
        """Return how many people there are rows of."""
        return len(self["person_serial"])

    @property
    def age(self) -> Floats:
        """Return ages in years."""
        return years_between(self["people.birth"], self.today)

    @property
    def is_living(self) -> Bools:
        """Return who is alive and here."""
        result: Bools = np.isnat(self["people.death"]) & np.isnat(self["affairs.left"])
        return result

    def is_in(self, slot: int | tuple[int, ...]) -> Bools:
        """Return who has one of these places in the household."""
        return np.isin(self["people.slot"], slot)

    def row_of(self, slot: int) -> Ints:
        """Return for everybody the row of the household's member in that place, or -1."""
        return row_of(self["people.household"], self["people.slot"], slot)

    def is_married(self, codes: tuple[str, ...] = ("20", "22")) -> Bools:
        """Return who has one of these marital statuses."""
        return np.asarray(pc.is_in(self["people.marital_status"], pa.array(codes)))

    def is_open(self) -> Bools:
        """Return which enterprises are open."""
        return np.asarray(pc.equal(self["enterprises.status"], "1"))

    def lots(self, *purpose: str, subject: str = PERSON) -> Lots:
        """Return today's lots of all people (or enterprises) for one purpose."""
        return Lots(self[f"{subject}_serial"], self.city.seed, "life", *purpose, str(self.day))

    def stream(self, *purpose: str) -> Generator:
        """Return today's random numbers of this township for one purpose."""
        return stream(seed_of(self.city.seed, self.shard.township), "life", *purpose, str(self.day))

    def chosen(self, purpose: str, weight: ArrayLike, a_year: float, subject: str = PERSON) -> Ints:
        """Return the rows something happens to today: `a_year` times in all, where the weights are, as they are."""
        weight = np.asarray(weight, np.float64)
        total = weight.sum()
        if not total or not a_year:
            return portion.NOBODY
        rate = weight * (a_year / YEAR / total)
        return np.flatnonzero(self.lots(purpose, subject=subject).random(len(weight)) < rate)

    def free_dwellings(self) -> Bools:
        """Return which dwellings nobody here lives in or is registered at."""
        here = self.is_living
        taken = np.zeros(len(self["dwelling_serial"]), np.bool_)
        taken[self["dwelling"][here]] = True
        registered = self["registered_at"][here]
        taken[registered[registered >= 0]] = True
        return ~taken

    def community_codes(self, dwelling: Ints) -> Text:
        """Return the communities dwellings are in."""
        return text.pick(self.city.communities["code"], self["homes.community"][dwelling])

    def is_own(self, dwelling: Ints) -> Bools:
        """Return which dwellings are in the township and not in a neighbouring one."""
        own = self.city.communities["township_code"].to_numpy() == self.shard.township
        result: Bools = own[self["homes.community"][dwelling]]
        return result
