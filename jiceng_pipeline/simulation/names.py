"""姓名: family and given names as common as in life, by sex and by decade of birth."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Floats, Ints, choose, happens
from jiceng_pipeline.simulation.reference import DECADES, Reference
from jiceng_pipeline.simulation.text import Text

# How many of a decade's people have a given name of one character, and of one character doubled.
SINGLE = (0.08, 0.09, 0.12, 0.22, 0.32, 0.34, 0.16, 0.08)
DOUBLED = (0.0, 0.0, 0.004, 0.012, 0.022, 0.02, 0.01, 0.008)
SINCE = 1940  # the first decade in the table stands for everyone born before 1950


@dataclass
class Names:
    """Surname and given characters as places in the reference tables; `first` is -1 where there is none."""

    surname: Ints
    first: Ints
    last: Ints

    def written(self, reference: Reference, first: Text | None = None, last: Text | None = None) -> Text:
        """Return the names as text; `first` and `last` may stand in for the given characters."""
        characters = reference.characters["character"]
        return text.join(
            text.pick(reference.surnames["surname"], self.surname),
            text.pick(characters, self.first) if first is None else first,
            text.pick(characters, self.last) if last is None else last,
        )

    def take(self, index: Ints) -> "Names":
        """Return the names of some people."""
        return Names(self.surname[index], self.first[index], self.last[index])


def surnames(reference: Reference, count: int, rng: Generator) -> Ints:
    """Draw surnames by their shares in the country."""
    return choose(rng, reference.surnames["share"].to_numpy(), count)


def given(reference: Reference, male: Bools, birth_year: Ints, rng: Generator) -> tuple[Ints, Ints]:
    """Draw given names: places of the first and the last character, first = -1 for one-character names."""
    decade = np.clip((birth_year - SINCE) // 10, 0, len(DECADES) - 1)
    first, last = np.empty(len(male), np.int64), np.empty(len(male), np.int64)
    for sex in (False, True):
        for place in range(len(DECADES)):
            chosen = np.flatnonzero((male == sex) & (decade == place))
            weight, leading = _weights(reference, sex, place)
            first[chosen] = choose(rng, weight * leading, len(chosen))
            last[chosen] = choose(rng, weight * (1 - leading), len(chosen))
    single = happens(rng, len(male), np.array(SINGLE)[decade])
    doubled = ~male & happens(rng, len(male), np.array(DOUBLED)[decade])
    first = np.where(doubled, last, np.where(single | (first == last), -1, first))
    return first, last


def sounds_like(reference: Reference, character: Ints, rng: Generator) -> Ints:
    """Return another character with the same sound, or the same one where there is no other."""
    count, others = reference.homophones
    chosen = (rng.random(len(character)) * count[character]).astype(np.int64)
    found = others[character, chosen]
    return np.where(found < 0, character, found)


def _weights(reference: Reference, male: bool, decade: int) -> tuple[Floats, Floats]:
    """Return each character's weight for a sex and decade, and how often it stands first of two."""
    share = reference.characters["male_share"].to_numpy()
    share = share if male else 1 - share
    typical = share**2 / (share**2 + (1 - share) ** 2)
    return reference.decade_weights[:, decade] * typical, reference.characters["first_share"].to_numpy()
