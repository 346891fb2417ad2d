"""Numbers with check characters, made for whole columns: GB 11643, GB 32100, GB/T 17710."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, Lots, occurrence, permuted
from jiceng_pipeline.simulation.text import Text

CITIZEN_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CITIZEN_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
SERIALS = 499  # a day and an area hold as many boys, and as many girls
HOME = 283  # of them for who lives in the district the area is
HOME_AREA, NEAR_AREA, FAR_AREA = REACHES = range(3)  # in the district, elsewhere in the city, in another city

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
CREDIT_ALPHABET = np.frombuffer(LETTERS.encode(), np.uint8)
CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])


@dataclass(frozen=True)
class Station:
    """Where numbers are given out: one of `stations` that serve an area, one of `offices` of the city.

    The 499 numbers of a day, an area and a sex are dealt out: HOME of them to the stations of the area's
    own district, the others to all offices, whose people come from the district but live elsewhere. Areas of
    other cities are dealt out to all offices. Every second number waits for who arrives or is born later.
    """

    station: int
    stations: int
    office: int
    offices: int

    def numbers(self, is_home: bool, is_local: bool, *, later: bool = False) -> Ints:
        """Return the numbers (0 to 498) this station gives to people of an area."""
        first, last = (0, HOME) if is_home else (HOME if is_local else 0, SERIALS)
        place, places = (self.station, self.stations) if is_home else (self.office, self.offices)
        every = np.arange(first, last)
        result: Ints = every[(every - first) % (2 * places) == 2 * place + later]
        return result


def citizen_ids(
    area: Ints,
    birth: Days,
    male: Bools,
    reach: Ints,
    station: Station,
    seed: int,
    *,
    later: bool = False,
    given: Text | None = None,
) -> tuple[Text, Days]:
    """Return different valid 公民身份号码 (area, birth date, serial odd for men, check character), and birth dates.

    `reach` says where each area is (HOME_AREA, NEAR_AREA, FAR_AREA). Where a day has no number left, the
    birth moves a day back. With `later` numbers come from those kept for who arrives or is born after the
    first day; `given` are the ones already taken.
    """
    birth = birth.copy()
    pools = [station.numbers(each == HOME_AREA, each != FAR_AREA, later=later) for each in REACHES]
    room = np.array([len(pool) for pool in pools])[reach]
    taken = _taken(given)
    while True:
        group = (area * 100_000_000 + calendar_number(birth)) * 2 + male
        rank = occurrence(group) + _counted(group, taken)
        full = rank >= room
        if not full.any():
            break
        birth[full] -= 1
    padded = np.zeros((len(pools), max(1, *map(len, pools))), np.int64)
    for row, pool in zip(padded, pools, strict=True):
        row[: len(pool)] = pool
    start = Lots(group, seed, "first numbers").integers(0, np.maximum(room, 1), len(group))
    number = padded[reach, (start + rank) % np.maximum(room, 1)]
    body = (area * 100_000_000 + calendar_number(birth)) * 1000 + number * 2 + np.where(male, 1, 2)
    return text.join(text.digits(body, 17), citizen_checks(body)), birth


def _taken(given: Text | None) -> Ints:
    """Return the groups (area, birth date, sex) of numbers that were given already."""
    body = pc.utf8_slice_codeunits(pa.array([], pa.string()) if given is None else given, 0, 17)
    values = body.cast(pa.int64()).to_numpy()
    result: Ints = np.sort(values // 1000 * 2 + values % 2)
    return result


def _counted(group: Ints, taken: Ints) -> Ints:
    """Return how many numbers of each group are taken."""
    result: Ints = np.searchsorted(taken, group, side="right") - np.searchsorted(taken, group, side="left")
    return result


def citizen_checks(body: Ints) -> Text:
    """Return the check characters of seventeen-digit numbers."""
    sums = digit_matrix(body, 17) @ CITIZEN_WEIGHTS
    return text.from_characters(CITIZEN_CHECKS[sums % 11].reshape(-1, 1))


def calendar_number(days: Days) -> Ints:
    """Return days as the numbers yyyymmdd."""
    months = days.astype("datetime64[M]").astype(np.int64)
    of_month = (days.astype("datetime64[D]") - days.astype("datetime64[M]")).astype(np.int64) + 1
    result: Ints = (1970 + months // 12) * 10_000 + (months % 12 + 1) * 100 + of_month
    return result


def credit_codes(category: Ints, area: Ints, old: Bools, serial: Ints, seed: int) -> Text:
    """Return different valid 统一社会信用代码 of market entities (9, category 1 to 3, area), by their serial numbers.

    `old` ones kept the all-digit organisation code they had before the unified code.
    """
    organisation = _organisation_codes(old, serial, seed)
    head = digit_matrix((90 + category) * 1_000_000 + area, 8)
    body = np.hstack([head, organisation])
    check = (31 - body @ CREDIT_WEIGHTS % 31) % 31
    return text.from_characters(CREDIT_ALPHABET[np.hstack([body, check.reshape(-1, 1)])])


def closing_digit(body: Ints, width: int) -> Ints:
    """Return the check digit of GB/T 17710 (hybrid MOD 11,10) for numbers of that width."""
    product = np.full(len(body), 10, np.int64)
    for column in digit_matrix(body, width).T:
        total = (product + column) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    result: Ints = (11 - product) % 10
    return result


def digit_matrix(values: Ints, width: int) -> Ints:
    """Return the decimal digits of each number, one row a number."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    result: Ints = values.reshape(-1, 1) // powers % 10
    return result


def _organisation_codes(old: Bools, serial: Ints, seed: int) -> NDArray[np.int64]:
    """Return nine places in CREDIT_ALPHABET each: old codes are digits, new ones begin with MA (GB 11714)."""
    count = len(old)
    numbers = digit_matrix(permuted(serial, 90_000_000, seed, "organisations") + 10_000_000, 8)
    serial = permuted(serial, 31**6, seed, "market entities").reshape(-1, 1) // 31 ** np.arange(5, -1, -1) % 31
    new = np.hstack([np.tile([LETTERS.index("M"), LETTERS.index("A")], (count, 1)), serial])
    body = np.where(old.reshape(-1, 1), numbers, new)
    ascii_codes = CREDIT_ALPHABET[body].astype(np.int64)
    worth = np.where(ascii_codes < ord("A"), ascii_codes - ord("0"), ascii_codes - ord("A") + 10)
    check = 11 - worth @ ORGANISATION_WEIGHTS % 11
    closing = np.select([check == 10, check == 11], [LETTERS.index("X"), 0], check)
    return np.hstack([body, closing.reshape(-1, 1)])
