"""How a clerk writes down residents: name, number, birth date, telephone, address, community."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import family_names, names, text, variants
from jiceng_pipeline.simulation.chance import Bools, Days, Ints
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.clerk import Clerk
from jiceng_pipeline.simulation.families import CHILD, CHILDREN, HEAD, SPOUSE
from jiceng_pipeline.simulation.text import Text

FIFTEEN_DIGITS_BEFORE = np.datetime64("1985-01-01")
LUNAR_BEFORE = np.datetime64("1980-01-01")  # whose mothers told the birthday by the moon
PRIVATE_USE = 0xE000  # where fonts of the nineties kept characters their sets lacked


class ResidentClerk(Clerk):
    """A clerk whose rows are people."""

    @staticmethod
    def all_serials(city: City) -> Ints:
        """Return the people's numbers."""
        return city.person_serial

    @staticmethod
    def present(city: City) -> Bools:
        """Return who has not left the city."""
        return city.is_here

    def name(self, column: str) -> Text:
        """Write names: a character that sounds or looks alike, left out, not in the character set, or traditional."""
        city, named, rates = self.city, self.city.people.names.take(self.rows), self.rates
        dotted, latin = city.is_dotted[self.rows], city.documents.is_foreign[self.rows]
        other_family = self._other_family(column, named, ~dotted & ~latin)
        first, last, lost = self._rare_characters(column, named, ~dotted & ~latin & ~other_family)
        free = ~dotted & ~latin & ~lost & ~other_family
        wrong = self.slips(column, "name_homophone", rates.name_homophone, self._has_homophone(named.last) & free)
        sound = names.sounds_like(city.reference, named.last, self.slip_rng(column, "sound"))
        characters = city.reference.characters
        last = text.where(wrong, text.pick(characters["character"], sound), last)
        lookalike = text.pick(characters["lookalike"], named.last)
        free &= ~wrong
        wrong = self.slips(
            column, "name_lookalike", rates.name_lookalike, np.asarray(pc.not_equal(lookalike, "")) & free
        )
        last, free = text.where(wrong, lookalike, last), free & ~wrong
        dropped = self.slips(column, "name_dropped", rates.name_dropped, (named.first >= 0) & free)
        values = named.written(city.reference, first, text.where(dropped, "", last))
        values = self._traditional(column, values, free & ~dropped)
        values = text.where(dotted, self._dotted(column, dotted), values)
        return text.where(latin, city.names.take(pa.array(self.rows)), values)

    def _other_family(self, column: str, named: names.Names, possible: Bools) -> Bools:
        """Give some children, in `named`, the family name of the parent they are not named after; return whom."""
        people, surname = self.city.people, self.city.people.names.surname
        head, spouse = (family_names.row_of(people.household, people.slot, slot) for slot in (HEAD, SPOUSE))
        other = np.where((head >= 0) & (surname[head] != surname), head, spouse)
        differs = np.isin(people.slot, CHILDREN) & (other >= 0) & (surname[other] != surname)
        mask = self.slips(column, "name_other_family", self.rates.name_other_family, differs[self.rows] & possible)
        named.surname = np.where(mask, surname[other][self.rows], named.surname)
        return mask

    def _traditional(self, column: str, values: Text, free: Bools) -> Text:
        """Write names in the other script here and there: 繁体字 for 简体字, or the other way round."""
        city, plain = self.city, self.city.people.names.take(self.rows).written(self.city.reference)
        other = variants.traditional(values)
        is_held = city.documents.is_held[self.rows]
        true = is_held & np.asarray(pc.not_equal(city.names.take(pa.array(self.rows)), plain))
        simplified = self.slips(column, "name_simplified", self.rates.name_simplified, true & free)
        differs = np.asarray(pc.not_equal(other, values)) & free & ~true
        traditional = self.slips(column, "name_traditional", self.rates.name_traditional, differs)
        return text.where(traditional | (true & ~simplified), other, values)

    def _rare_characters(self, column: str, named: names.Names, possible: Bools) -> tuple[Text, Text, Bools]:
        """Return first and last given characters, those outside GB 2312 here and there written otherwise."""
        characters = self.city.reference.characters
        first, last = text.pick(characters["character"], named.first), text.pick(characters["character"], named.last)
        lost = np.zeros(len(self), np.bool_)
        private = pa.array([chr(PRIVATE_USE + place) for place in range(characters.num_rows)])
        for kind, instead in (
            ("name_question_mark", pa.repeat("?", characters.num_rows)),
            ("name_pinyin", characters["pinyin"]),
            ("name_private_code", private),
        ):
            mask = self.slips(column, kind, getattr(self.rates, kind), self._is_rare(named) & possible & ~lost)
            first = text.where(mask & self._rare(named.first), text.pick(instead, named.first), first)
            last = text.where(mask & self._rare(named.last), text.pick(instead, named.last), last)
            lost |= mask
        return first, last, lost

    def _dotted(self, column: str, dotted: Bools) -> Text:
        """Write names with a dot; many typists know another sign for it."""
        values = self.city.names.take(pa.array(self.rows))
        other = self.slips(column, "name_dot", self.rates.name_dot, dotted)
        which = self.slip_rng(column, "which dot").integers(0, len(variants.DOTS), len(self))
        own, father = (
            pc.list_element(pc.split_pattern(text.where(dotted, values, variants.DOT), variants.DOT), n) for n in (0, 1)
        )
        return text.where(other, text.join(own, text.pick(variants.DOTS, which), father), values)

    def citizen_id(self, column: str) -> Text:
        """Write 公民身份号码, or what number one has instead, with the errors of `Clerk.number`."""
        city, true = self.city, self.city.identity_number
        old = (city.people.birth < FIFTEEN_DIGITS_BEFORE) & ~city.documents.is_held
        return self.number(column, true.take(pa.array(self.rows)), true.take(self._relative()), old[self.rows])

    def birth_date(self, column: str) -> Days:
        """Give birth dates; some are lunar, have day and month swapped, or are what a form fills in by itself."""
        birth = self.city.people.birth[self.rows].astype("datetime64[D]")
        years, months = birth.astype("datetime64[Y]"), birth.astype("datetime64[M]")
        new_year, day = years.astype("datetime64[D]"), (birth - months).astype(np.int64) + 1
        month = (months - years).astype(np.int64) + 1
        swapped = (years.astype("datetime64[M]") + (day - 1) % 12).astype("datetime64[D]") + (month - 1)
        lunar = birth - self.slip_rng(column, "moon").integers(20, 51, len(self))
        free, result = np.ones(len(self), np.bool_), birth
        for kind, instead, possible in (
            ("birth_date_default", new_year, birth != new_year),
            ("birth_date_1900", np.full(len(self), np.datetime64("1900-01-01")), free),
            ("birth_date_lunar", lunar, birth < LUNAR_BEFORE),
            ("birth_date_swapped", swapped, (day <= 12) & (day != month)),
        ):
            mask = self.slips(column, kind, getattr(self.rates, kind), possible & free)
            free, result = free & ~mask, np.where(mask, instead, result)
        return result

    def phone(self, column: str, empty: str | None = None) -> Text:
        """Write telephone numbers; some are old, somebody else's, or not known."""
        people, rows = self.city.people, pa.array(self.rows)
        free, values = np.ones(len(self), np.bool_), people.phone.take(rows)
        child = self._child()
        clerk = text.pick(self.city.clerk_phone, self.city.community[self.rows])
        for kind, instead, possible in (
            ("phone_old", people.previous_phone.take(rows), free),
            ("phone_of_child", text.pick(people.phone, child), (child >= 0) & (self.city.age[self.rows] > 60)),
            ("phone_of_clerk", clerk, self.city.age[self.rows] > 60),
        ):
            mask = self.slips(column, kind, getattr(self.rates, kind), possible & free)
            free, values = free & ~mask, text.where(mask, instead, values)
        missing = self.slips(column, "phone_missing", self.rates.phone_missing)
        return text.put(values, missing, empty)

    def address(self, column: str, of: Ints, empty: str | None = None, full: bool = False) -> Text:
        """Write the address of the dwellings `of` (row of the homes, one a record) in everyday habits.

        `full` offices write every address out; some people moved and nobody wrote it down.
        """
        stale = self.slips(column, "address_stale", self.rates.address_stale)
        dwelling = np.where(stale, self.city.previous_dwelling[self.rows], of)
        if full:
            plain, yes = np.zeros(len(self), np.int64), np.ones(len(self), np.bool_)
            values = self.city.homes.written(dwelling, plain, plain, yes, yes)
        else:
            values = self.old_places(column, self.city.homes.written(dwelling, *self.address_habits(column)))
        missing = self.slips(column, "address_missing", self.rates.address_missing)
        return text.put(values, missing, empty)

    def community(self, column: str, of: Ints, kind: str = "name", empty: str | None = None) -> Text:
        """Write the community (`code`, full `name`, or `short` name) of the dwellings `of`."""
        communities = self.city.communities
        values = communities["code" if kind == "code" else "name"].combine_chunks()
        if kind == "short":
            values = pc.replace_substring_regex(values, "(居委会|村委会)$", "")
        written = text.pick(values, self.city.homes.community[of])
        missing = self.slips(column, "community_missing", self.rates.community_missing)
        return text.put(written, missing, empty)

    def _relative(self) -> pa.Array:
        relative = self.city.relative[self.rows]
        return pa.array(relative, mask=relative < 0)

    def _child(self) -> Ints:
        """Return the row of a grown-up child in the household of each head or spouse, or -1."""
        people = self.city.people
        child = family_names.row_of(people.household, people.slot, CHILD)
        parent = np.isin(people.slot, (HEAD, SPOUSE)) & (child >= 0) & (self.city.age[child] > 18)
        result: Ints = np.where(parent, child, -1)[self.rows]
        return result

    def _rare(self, character: Ints) -> Bools:
        result: Bools = (character >= 0) & self.city.reference.is_rare[character]
        return result

    def _is_rare(self, named: names.Names) -> Bools:
        return self._rare(named.first) | self._rare(named.last)

    def _has_homophone(self, character: Ints) -> Bools:
        result: Bools = self.city.reference.homophones[0][character] > 0
        return result
