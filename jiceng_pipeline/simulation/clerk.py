"""What every clerk does to what is true: copies it, slips now and then, and leaves cells empty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from jiceng_pipeline.simulation import numbers, text, variants
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, Lots, happens, occurrence, permuted
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.dwellings import BLOCKS, HEADS
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.store import Mark
from jiceng_pipeline.simulation.text import Text

DAY_SECONDS, OPENS, CLOSES = 86_400, 30_600, 62_400  # offices work from 8:30 to 17:20


@dataclass
class Clerk:
    """One department's staff at work on `rows` (rows of people or of enterprises, in the store's order)."""

    city: City
    system: str
    rates: Rates
    rows: Ints
    serials: Ints  # a number a record that stays with it; half of them are of second records
    edition: int  # 0: the first writing; else the day on which these records are written again
    marks: list[Mark] = field(default_factory=list)

    @classmethod
    def at_work(
        cls,
        city: City,
        system: str,
        rates: Rates,
        listed: Ints,
        only: Bools | None = None,
        serials: Ints | None = None,
        copies: int = 1,
    ) -> Self:
        """Take up the `listed` rows: some twice, and in an order that tells nothing.

        `only` says which rows of the city have changed: their records are written again today, the others
        not at all. A row may be listed up to `copies` times; `serials` name what is listed where it is not
        the row itself.
        """
        own, serials = rates.of(system), cls.all_serials(city)[listed] if serials is None else serials
        serials = serials * copies + occurrence(serials)
        asked = cls.present(city) if only is None else cls.present(city) & only
        listed, serials = listed[asked[listed]], serials[asked[listed]]
        lot = Lots(serials, city.seed, system, "registered_twice").random(len(listed))
        again = lot < own.registered_twice
        if own.registered_twice and only is None and len(listed) and not again.any():
            again[np.argmin(lot)] = True
        serials = np.r_[serials * 2, serials[again] * 2 + 1]
        order = np.argsort(Lots(serials, city.seed, system, "order").random(len(serials)), kind="stable")
        rows = np.r_[listed, listed[again]][order]
        clerk = cls(city, system, own, rows, serials[order], 0 if only is None else city.day)
        clerk.mark("", "registered_twice", order >= len(listed))
        return clerk

    @staticmethod
    def all_serials(city: City) -> Ints:
        """Return the numbers of the things this clerk writes about, by row of the city."""
        raise NotImplementedError

    @staticmethod
    def present(city: City) -> Bools:
        """Return which rows of the city there is anything to write about: not of people who left."""
        raise NotImplementedError

    def arrange(self, order: Ints) -> None:
        """Put the records into another order."""
        self.rows, self.serials = self.rows[order], self.serials[order]
        self.marks = [Mark(mark.column, mark.kind, mark.rows[order]) for mark in self.marks]

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.rows)

    def rng(self, *purpose: str) -> Lots:
        """Return the lots of the records for one purpose of this office, the same whenever they are written."""
        return Lots(self.serials, self.city.seed, self.system, *purpose)

    def slip_rng(self, *purpose: str, of: Bools | None = None) -> Lots:
        """Return the lots of the records (or of some) that fall anew with every writing."""
        serials = self.serials if of is None else self.serials[of]
        return Lots(serials, self.city.seed, self.system, *purpose, str(self.edition))

    def keys(self, low: int, high: int) -> Ints:
        """Return a number of [low, high) for each record, none twice, that stays with it and tells nothing."""
        return permuted(self.serials, high - low, self.city.seed, self.system, "keys") + low

    def mark(self, column: str, kind: str, mask: Bools) -> Bools:
        """Note where an error was made."""
        self.marks.append(Mark(column, kind, mask))
        return mask

    def unmark(self, column: str, mask: Bools) -> None:
        """Take back what was noted of a column where nothing was written after all."""
        self.marks = [
            Mark(each.column, each.kind, each.rows & ~mask) if each.column == column else each for each in self.marks
        ]

    def slips(self, column: str, kind: str, rate: ArrayLike, possible: Bools | bool = True) -> Bools:
        """Draw where an error is made, and note it."""
        return self.mark(column, kind, happens(self.slip_rng(column, kind), len(self), rate) & possible)

    def blank(self, column: str, values: Text, rate: float | None = None, empty: str | None = None) -> Text:
        """Leave some cells empty."""
        rate = self.rates.cell_missing if rate is None else rate
        return text.put(values, self.slips(column, "cell_missing", rate), empty)

    def rubbish(self, column: str, values: Text, nonsense: Sequence[str]) -> Text:
        """Put nonsense into a few cells, at least two, so that there is something to quarantine."""
        lot = self.slip_rng(column, "cell_rubbish").random(len(self))
        mask = lot < self.rates.cell_rubbish
        if self.rates.cell_rubbish and not self.edition:
            mask[np.argsort(lot, kind="stable")[:2]] = True
        self.mark(column, "cell_rubbish", mask)
        which = self.slip_rng(column, "nonsense", of=mask).integers(0, len(nonsense), int(mask.sum()))
        return text.put(values, mask, text.pick(nonsense, which))

    def number(self, column: str, true: Text, relatives: Text | None = None, fifteen: Bools | None = None) -> Text:
        """Copy identifying numbers, at most one error in each; of those without eighteen characters some are missing.

        `relatives` are the numbers some give instead (null: no relative), `fifteen` says who may still
        hold the old fifteen-digit number.
        """
        rates, free, values = self.rates, np.ones(len(self), np.bool_), true

        def slip(kind: str, rate: float, possible: Bools | bool = True) -> Bools:
            nonlocal free
            mask = self.slips(column, kind, rate, free & possible)
            free = free & ~mask
            return mask

        values = text.put(values, slip("number_missing", rates.number_missing), None)
        if relatives is not None:
            related = ~np.asarray(relatives.is_null())
            mask = slip("number_of_relative", rates.number_of_relative, related)
            values = text.put(values, mask, _some(relatives, mask))
        is_resident, free = fifteen is not None, free & numbers.has_eighteen(true)
        mangled: list[tuple[str, Callable[[Text, Lots], Text], Bools | bool]] = [
            ("number_mistyped", numbers.mistyped, True),
            ("number_transposed", numbers.transposed, True),
            ("number_letter_o", numbers.with_letter_o, numbers.has_zero(true)),
            ("number_fifteen_digits", numbers.fifteen_digits, False if fifteen is None else fifteen),
            ("number_destroyed", numbers.destroyed, numbers.is_all_digits(true)),
            ("number_full_width", numbers.full_width, True),
            ("number_spaced", numbers.spaced, True),
            ("number_small_x", numbers.with_small_x, numbers.ends_in_x(true) & is_resident),
        ]
        for kind, mangle, possible in mangled:
            mask = slip(kind, getattr(rates, kind), possible)
            values = text.put(values, mask, mangle(_some(true, mask), self.slip_rng(column, kind, "how", of=mask)))
        return values

    def address_habits(self, column: str) -> tuple[Ints, Ints, Bools, Bools]:
        """Draw how addresses are written: head, word for a block, 室 or not, township or not."""
        rates, rng = self.rates, self.slip_rng(column, "habits")
        bare = self.slips(column, "address_bare", rates.address_bare)
        other = self.slips(column, "address_other_block_word", rates.address_other_block_word)
        no_room_word = self.slips(column, "address_without_room_word", rates.address_without_room_word)
        head = np.where(bare, rng.integers(1, len(HEADS), len(self)), 0)
        block = np.where(other, rng.integers(1, len(BLOCKS), len(self)), 0)
        return head, block, ~no_room_word, happens(rng, len(self), 0.25)

    def old_places(self, column: str, addresses: Text) -> Text:
        """Write some addresses with old names of roads and the estates' everyday names."""
        other = variants.old_places(addresses)
        possible = np.asarray(pc.fill_null(pc.not_equal(other, addresses), False))
        return text.where(
            self.slips(column, "address_old_name", self.rates.address_old_name, possible), other, addresses
        )

    def updated(self, column: str, stale: Bools | None = None) -> Days:
        """Return when each record was last touched, to the second: today if written again; stale ones long ago."""
        rng = self.slip_rng(column, "updated")
        if self.edition:
            return self._moments(rng.integers(OPENS, CLOSES, len(self)))
        days = np.minimum(rng.exponential(400, len(self)), 2500)
        if stale is not None:
            days = np.where(stale, days + 700, days)
        seconds = rng.integers(OPENS, CLOSES, len(self)) - (days.astype(np.int64) + 1) * DAY_SECONDS
        return self._moments(seconds)

    def _moments(self, seconds: Ints) -> Days:
        result: Days = self.city.today.astype("datetime64[s]") + seconds
        return result

    def made(self, *kinds: str) -> Bools:
        """Return the records in which one of these errors was made."""
        found = [mark.rows for mark in self.marks if mark.kind in kinds]
        result: Bools = np.logical_or.reduce([np.zeros(len(self), np.bool_), *found])
        return result


def _some(values: Text, mask: Bools) -> Text:
    return text.column(values).filter(mask)
