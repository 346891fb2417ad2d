"""姓名: family and given names as common as in life, by sex and by decade of birth."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Floats, Ints, Lots, choose, happens
from jiceng_pipeline.simulation.reference import DECADES, Reference
from jiceng_pipeline.simulation.text import Text

# How many of a decade's people have a given name of one character, and of one character doubled.
SINGLE = (0.08, 0.09, 0.12, 0.22, 0.32, 0.34, 0.16, 0.08)
DOUBLED = (0.0, 0.0, 0.004, 0.012, 0.022, 0.02, 0.01, 0.008)
MEN = (
    "阿迪力", "买买提", "吐尔逊", "阿不都", "艾力", "玉素甫", "卡德尔", "依明", "热合曼", "库尔班",
    "亚森", "艾尼瓦尔", "帕尔哈提", "伊力哈木", "木拉提", "阿卜杜拉", "塔依尔", "肉孜", "哈斯木", "居马",
)  # fmt: skip
WOMEN = (
    "古丽", "阿依古丽", "热依汗", "帕提古丽", "米热古丽", "阿孜古丽", "迪丽努尔", "茹克亚", "祖丽胡玛", "努尔曼古丽",
    "吐尔逊古丽", "玛依拉", "沙依热", "赛乃姆", "艾孜再",
)  # fmt: skip
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


def dotted(which: Bools, male: Bools, rng: Generator) -> Text:
    """Draw names of one's own and one's father's, with a dot between: 阿迪力·买买提; empty where not `which`."""
    own = np.where(male, rng.integers(0, len(MEN), len(which)), len(MEN) + rng.integers(0, len(WOMEN), len(which)))
    father = text.pick(MEN, rng.integers(0, len(MEN), len(which)))
    return text.where(which, text.join(text.pick(MEN + WOMEN, own), "·", father), "")


def sounds_like(reference: Reference, character: Ints, rng: Generator | Lots) -> Ints:
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
