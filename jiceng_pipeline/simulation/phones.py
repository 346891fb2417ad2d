"""Telephones: a mobile for most adults, one shared in the family for children and many of the old."""

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Floats, Ints, happens, permuted
from jiceng_pipeline.simulation.families import CHILD, HEAD, SPOUSE
from jiceng_pipeline.simulation.family_names import row_of
from jiceng_pipeline.simulation.text import Text

MOBILE_HEADS = (130, 131, 133, 135, 136, 137, 138, 139, 150, 151, 152, 158, 159, 177, 180, 186, 187, 188, 189, 199)
TAIL = 100_000_000


def telephones(household: Ints, slot: Ints, age: Floats, serial: Ints, seed: int, rng: Generator) -> tuple[Text, Text]:
    """Return the number each person is reached at, and the one before it; their own go by the serial numbers."""
    old_fashioned = (age > 62) & happens(rng, len(slot), 0.06)
    own = text.where(old_fashioned, landlines(serial, seed), mobiles(serial * 2, seed))
    return own.take(pa.array(_owners(household, slot, age, rng))), mobiles(serial * 2 + 1, seed)


def mobiles(serial: Ints, seed: int) -> Text:
    """Return another mobile number for each serial number; a person's old one goes by the next."""
    place = permuted(serial, len(MOBILE_HEADS) * TAIL, seed, "mobiles")
    return text.number(np.array(MOBILE_HEADS)[place // TAIL] * TAIL + place % TAIL)


def landlines(serial: Ints, seed: int) -> Text:
    """Return another number of a flat for each serial number; those of firms begin with 8."""
    return text.join("0513-", text.digits(permuted(serial, 20_000_000, seed, "landlines") + 50_000_000, 8))


def _owners(household: Ints, slot: Ints, age: Floats, rng: Generator) -> Ints:
    """Return the row of the relative whose number a person gives, or the person's own row."""
    count, self = len(slot), np.arange(len(slot))
    shares = happens(rng, count, np.interp(age, [14, 17, 60, 75, 90], [1.0, 0.03, 0.03, 0.3, 0.6]))
    relative = np.where(slot == HEAD, row_of(household, slot, SPOUSE), row_of(household, slot, HEAD))
    child = row_of(household, slot, CHILD)
    relative = np.where(np.isin(slot, (HEAD, SPOUSE)) & (age > 65) & (child >= 0), child, relative)
    owner = np.where(shares & (relative >= 0), relative, self)
    owner = np.where(owner[owner] == self, self, owner)
    result: Ints = owner[owner]
    return result
