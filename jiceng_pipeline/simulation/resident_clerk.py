"""How a clerk writes down residents: name, number, birth date, telephone, address, community."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import names, text
from jiceng_pipeline.simulation.chance import Bools, Days, Ints
from jiceng_pipeline.simulation.clerk import Clerk
from jiceng_pipeline.simulation.text import Text

FIFTEEN_DIGITS_BEFORE = np.datetime64("1985-01-01")


class ResidentClerk(Clerk):
    """A clerk whose rows are people."""

    def name(self, column: str) -> Text:
        """Write names; some characters come out as another that sounds or looks like it, or as '?'."""
        city, named = self.city, self.city.people.names.take(self.rows)
        characters = city.reference.characters
        wrong = self.slips(column, "name_homophone", self.rates.name_homophone, self._has_homophone(named.last))
        sound = names.sounds_like(city.reference, named.last, self.rng(column, "sound"))
        last = text.pick(characters["character"], np.where(wrong, sound, named.last))
        lookalike = text.pick(characters["lookalike"], named.last)
        possible = np.asarray(pc.not_equal(lookalike, "")) & ~wrong
        wrong = self.slips(column, "name_lookalike", self.rates.name_lookalike, possible)
        last = text.where(wrong, lookalike, last)
        first = text.pick(characters["character"], named.first)
        lost = self.slips(column, "name_question_mark", self.rates.name_question_mark, self._is_rare(named))
        lost_first, lost_last = (lost & self._rare(place) for place in (named.first, named.last))
        return named.written(city.reference, text.where(lost_first, "?", first), text.where(lost_last, "?", last))

    def citizen_id(self, column: str) -> Text:
        """Write 公民身份号码 with the errors of `Clerk.number`."""
        people = self.city.people
        relatives = people.citizen_id.take(self._relative())
        old = people.birth[self.rows] < FIFTEEN_DIGITS_BEFORE
        return self.number(column, people.citizen_id.take(pa.array(self.rows)), relatives, old)

    def birth_date(self, column: str) -> Days:
        """Give birth dates; of some only the year is known, and 1 January stands for it."""
        birth = self.city.people.birth[self.rows]
        first_of_january = birth.astype("datetime64[Y]").astype("datetime64[D]")
        unknown = self.slips(column, "birth_date_default", self.rates.birth_date_default, birth != first_of_january)
        result: Days = np.where(unknown, first_of_january, birth)
        return result

    def phone(self, column: str, empty: str | None = None) -> Text:
        """Write telephone numbers; some are the old one, some are not known."""
        people, rows = self.city.people, pa.array(self.rows)
        old = self.slips(column, "phone_old", self.rates.phone_old)
        values = text.where(old, people.previous_phone.take(rows), people.phone.take(rows))
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
            values = self.city.homes.written(dwelling, *self.address_habits(column))
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

    def _rare(self, character: Ints) -> Bools:
        result: Bools = (character >= 0) & self.city.reference.is_rare[character]
        return result

    def _is_rare(self, named: names.Names) -> Bools:
        return self._rare(named.first) | self._rare(named.last)

    def _has_homophone(self, character: Ints) -> Bools:
        result: Bools = self.city.reference.homophones[0][character] > 0
        return result
