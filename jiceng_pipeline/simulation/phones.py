"""Telephones: a mobile for most adults, one shared in the family for children and many of the old."""

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Floats, Ints, happens, unique_numbers
from jiceng_pipeline.simulation.families import CHILD, HEAD, SPOUSE
from jiceng_pipeline.simulation.family_names import row_of
from jiceng_pipeline.simulation.text import Text

MOBILE_HEADS = (130, 131, 133, 135, 136, 137, 138, 139, 150, 151, 152, 158, 159, 177, 180, 186, 187, 188, 189, 199)
TAIL = 100_000_000


def telephones(household: Ints, slot: Ints, age: Floats, rng: Generator) -> tuple[Text, Text]:
    """Return the number each person is reached at, and the one before it."""
    count = len(slot)
    mobiles = text.number(_mobiles(2 * count, rng))
    landlines = text.join("0513-8", text.digits(unique_numbers(rng, count, 0, 10_000_000), 7))
    own = text.where((age > 62) & happens(rng, count, 0.06), landlines, mobiles.slice(0, count))
    return own.take(pa.array(_owners(household, slot, age, rng))), mobiles.slice(count)


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


def _mobiles(count: int, rng: Generator) -> Ints:
    serial = unique_numbers(rng, count, 0, len(MOBILE_HEADS) * TAIL)
    result: Ints = np.array(MOBILE_HEADS)[serial // TAIL] * TAIL + serial % TAIL
    return result
