"""证件: who of those registered elsewhere has a permit or a passport instead of a 居民身份证, and what stands in it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jiceng_pipeline.simulation import identifiers, text, variants
from jiceng_pipeline.simulation.chance import Bools, Ints, Lots, choose, happens
from jiceng_pipeline.simulation.settlement import MIGRANT
from jiceng_pipeline.simulation.text import Text

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.city import City

SHARE = 0.08  # of the grown who came from elsewhere: about three of a thousand residents
GROWN = np.datetime64("2006-01-01")  # the day before which they were born
CITIZEN, PERMIT, HONG_KONG, TAIWAN, PASSPORT, PERMANENT, OLD_PERMANENT = range(-1, 6)
KINDS = (0.36, 0.18, 0.16, 0.2, 0.06, 0.04)  # shares
CODES = ("550", "516", "511", "414", "553", "553")  # 证件类型
FOREIGN = (PASSPORT, PERMANENT, OLD_PERMANENT)

REGIONS = ("香港特别行政区", "澳门特别行政区", "台湾省")
AREAS = np.array([810_000, 820_000, 830_000])
TRADITIONAL = 0.9  # of the names of those from there: with characters that differ, if they have any
PROVINCE = 32  # whose officers handed the permanent card out
# country: its letters and its number (GB/T 2659), what its passports begin with, and how many digits follow
COUNTRIES = {
    "日本": ("JPN", 392, "TR", 7), "韩国": ("KOR", 410, "M", 8), "美国": ("USA", 840, "A", 8),
    "德国": ("DEU", 276, "C", 8), "泰国": ("THA", 764, "AC", 7), "越南": ("VNM", 704, "C", 7),
    "马来西亚": ("MYS", 458, "A", 8), "加拿大": ("CAN", 124, "GA", 6),
}  # fmt: skip
SURNAMES = (
    "SMITH", "MUELLER", "TANAKA", "SATO", "KIM", "PARK", "NGUYEN", "TRAN", "IVANOV", "PETROV", "JOHNSON", "WILLIAMS",
    "SCHMIDT", "WEBER", "TAN", "LIM", "YAMAMOTO", "SUZUKI", "CHOI", "BROWN", "MARTIN", "TREMBLAY", "WATANABE", "LEE",
)  # fmt: skip
GIVEN = (
    (
        "ANNA", "MARIA", "JULIA", "YUKO", "KEIKO", "SOO JIN", "MIN JI", "THI LAN", "THI HOA", "ELENA", "OLGA",
        "EMILY", "SARAH", "LAURA", "AKIKO", "HYE JIN", "LINDA", "KATE", "NATALIA", "MAI",
    ),
    (
        "JOHN", "DAVID", "MICHAEL", "THOMAS", "HIROSHI", "KENJI", "SUNG HO", "JAE WON", "VAN NAM", "DUC ANH", "ALEXEI",
        "DMITRI", "PETER", "STEFAN", "ROBERT", "TAKASHI", "DONG HYUN", "JAMES", "ERIC", "MARK",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Documents:
    """`kind` and `origin` have a row a person (-1: an ordinary card), the rest a row a holder."""

    kind: Ints
    origin: Ints  # row of REGIONS, or of COUNTRIES for foreigners
    holders: Ints  # rows of the people
    numbers: Text
    names: Text

    @property
    def is_held(self) -> Bools:
        """Return who has another document than a citizen's card."""
        return self.kind >= 0

    @property
    def is_foreign(self) -> Bools:
        """Return who has a name in Latin letters."""
        return np.isin(self.kind, FOREIGN)

    def codes(self) -> Text:
        """Return everybody's 证件类型; 111 is the citizen's card."""
        return text.where(self.is_held, text.pick(CODES, self.kind), "111")

    def homes(self) -> Text:
        """Return where the holders come from; empty for all others."""
        places = [*REGIONS, *COUNTRIES]
        return text.pick(places, np.where(self.is_foreign, self.origin + len(REGIONS), self.origin))

    def over(self, values: Text, instead: Text) -> Text:
        """Return everybody's `values`, those of the holders replaced by what they have instead."""
        return text.put(values, self.is_held, instead)


def held(city: "City") -> Documents:
    """Draw who has which document; a person keeps it, whoever else is there."""
    people, rng = city.people, city.lots("documents")
    count = len(people)
    possible = (city.situation == MIGRANT) & (people.birth < GROWN)
    kind = np.where(possible & happens(rng, count, SHARE), choose(rng, KINDS, count), CITIZEN)
    holders = np.flatnonzero(kind >= 0)
    mine = Lots(city.person_serial[holders], city.seed, "documents", "held")
    country = mine.integers(0, len(COUNTRIES), len(holders))
    region = choose(mine, (0.4, 0.1, 0.5), len(holders))
    region = np.select([kind[holders] == HONG_KONG, kind[holders] == TAIWAN], [region == 1, 2], region)
    origin = np.full(count, -1)
    origin[holders] = np.where(np.isin(kind[holders], FOREIGN), country, region)
    return Documents(
        kind=kind,
        origin=origin,
        holders=holders,
        numbers=_numbers(city, holders, kind[holders], origin[holders], mine),
        names=_names(city, holders, kind[holders], mine),
    )


def _numbers(city: "City", holders: Ints, kind: Ints, origin: Ints, rng: Lots) -> Text:
    """Return the documents' numbers: in the form of citizens' numbers, or in one of their own."""
    foreign = np.isin(kind, FOREIGN)
    country, region = np.where(foreign, origin, 0), np.where(foreign, 0, origin)
    letters, numbers, heads, widths = zip(*COUNTRIES.values(), strict=True)
    serial = rng.integers(0, identifiers.SERIALS, len(holders)) * 2 + np.where(city.people.male[holders], 1, 2)
    area = np.where(foreign, 900_000 + PROVINCE * 1000 + np.array(numbers)[country], AREAS[region])
    body = (area * 100_000_000 + identifiers.calendar_number(city.people.birth[holders])) * 1000 + serial
    own = rng.integers(10_000_000, 100_000_000, len(holders))
    width = np.array(widths)[country]
    passport = text.join(text.pick(heads, country), text.number(own // 10 ** (8 - width)))
    forms = {
        HONG_KONG: text.join(text.pick(("H", "M", "T"), region), text.number(own)),
        TAIWAN: text.number(own),
        PASSPORT: passport,
        OLD_PERMANENT: text.join(text.pick(letters, country), f"{PROVINCE}00", text.number(own)),
    }
    written = text.join(text.digits(body, 17), identifiers.citizen_checks(body))
    for each, form in forms.items():
        written = text.where(kind == each, form, written)
    return written


def _names(city: "City", holders: Ints, kind: Ints, rng: Lots) -> Text:
    """Return the names in the documents: Latin letters, or Chinese ones, often traditional."""
    plain = city.people.names.take(holders).written(city.reference)
    other = text.where(happens(rng, len(holders), TRADITIONAL), variants.traditional(plain), plain)
    male = city.people.male[holders].astype(np.int64)
    given = rng.integers(0, len(GIVEN[0]), len(holders)) + male * len(GIVEN[0])
    latin = text.join(
        text.pick(SURNAMES, rng.integers(0, len(SURNAMES), len(holders))), " ", text.pick(GIVEN[0] + GIVEN[1], given)
    )
    return text.where(np.isin(kind, FOREIGN), latin, other)
