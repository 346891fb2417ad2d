"""How a clerk writes down enterprises: credit code, name, who answers for it, place of business."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Ints
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.clerk import Clerk
from jiceng_pipeline.simulation.text import Text


class EnterpriseClerk(Clerk):
    """A clerk whose rows are enterprises."""

    @staticmethod
    def all_serials(city: City) -> Ints:
        """Return the enterprises' numbers."""
        return city.enterprise_serial

    @staticmethod
    def present(city: City) -> Bools:
        """Return all enterprises: those that closed stay in the books."""
        return np.ones(len(city.enterprises), np.bool_)

    def credit_code(self, column: str) -> Text:
        """Write 统一社会信用代码 with the errors of `Clerk.number`; an empty text where it is not known."""
        true = self.city.enterprises.credit_code.take(pa.array(self.rows))
        return pc.fill_null(self.number(column, true), "")

    def enterprise_name(self, column: str) -> Text:
        """Write names; some without the place they begin with, some with 责任 left out or put in."""
        values = self.city.enterprises.name.take(pa.array(self.rows))
        varied = self.slips(column, "enterprise_name_variant", self.rates.enterprise_name_variant)
        place = self.city.shard.district_name
        shorter = pc.replace_substring_regex(values, f"^(南通市{place}|南通{place[:-1]}|南通市|南通|{place}|江苏)", "")
        other = pc.replace_substring(values, "有限公司", "有限责任公司")
        chosen = text.where(self.slip_rng(column, "variant").random(len(self)) < 0.6, shorter, other)
        return text.where(varied, chosen, values)

    def owner_name(self) -> Text:
        """Write the name of who answers for the enterprise."""
        return self.city.names.take(self._owner())

    def owner_id(self, column: str) -> Text:
        """Write the number of who answers for the enterprise."""
        true = self.city.identity_number.take(self._owner())
        return pc.fill_null(self.number(column, true), "")

    def phone(self, column: str) -> Text:
        """Write telephone numbers; some are the owner's old one, some are not known."""
        values = self.city.enterprises.phone.take(pa.array(self.rows))
        old = self.slips(column, "phone_old", self.rates.phone_old)
        values = text.where(old, self.city.people.previous_phone.take(self._owner()), values)
        return text.put(values, self.slips(column, "phone_missing", self.rates.phone_missing), "")

    def address(self, column: str) -> Text:
        """Write the place of business in everyday habits."""
        head, _, room_word, _ = self.address_habits(column)
        every = np.zeros((2, len(self.city.enterprises)), np.int64)
        every[0, self.rows], every[1, self.rows] = head, room_word
        values = self.city.enterprises.addresses(every[0], every[1] > 0).take(pa.array(self.rows))
        return self.old_places(column, values)

    def _owner(self) -> pa.Array:
        return pa.array(self.city.enterprises.person[self.rows])
