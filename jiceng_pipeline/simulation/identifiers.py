"""Numbers with check characters, made for whole columns: GB 11643, GB 32100, GB/T 17710."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Days, Ints, rank_within, unique_numbers
from jiceng_pipeline.simulation.text import Text

CITIZEN_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CITIZEN_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
SERIALS = 499  # a day and an area hold as many boys, and as many girls

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
CREDIT_ALPHABET = np.frombuffer(LETTERS.encode(), np.uint8)
CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])


def citizen_ids(area: Ints, birth: Days, male: Bools, rng: Generator) -> Text:
    """Return different valid 公民身份号码: area, birth date, serial (odd for men), check character."""
    ymd = calendar_number(birth)
    group = (area * 100_000_000 + ymd) * 2 + male
    rank = rank_within(group, rng)
    if len(rank) and rank.max() >= SERIALS:
        raise ValueError("more births on a day than serial numbers")
    start = _one_per_group(group, rng.integers(0, SERIALS, len(group)))
    serial = (start + rank) % SERIALS * 2 + np.where(male, 1, 2)
    body = (area * 100_000_000 + ymd) * 1000 + serial
    return text.join(text.digits(body, 17), citizen_checks(body))


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


def credit_codes(category: Ints, area: Ints, old: Bools, rng: Generator) -> Text:
    """Return different valid 统一社会信用代码 of market entities (9, category 1 to 3, area).

    `old` ones kept the all-digit organisation code they had before the unified code.
    """
    organisation = _organisation_codes(old, rng)
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


def _organisation_codes(old: Bools, rng: Generator) -> NDArray[np.int64]:
    """Return nine places in CREDIT_ALPHABET each: old codes are digits, new ones begin with MA (GB 11714)."""
    count = len(old)
    numbers = digit_matrix(unique_numbers(rng, count, 10_000_000, 100_000_000), 8)
    serial = unique_numbers(rng, count, 0, 31**6).reshape(-1, 1) // 31 ** np.arange(5, -1, -1) % 31
    new = np.hstack([np.tile([LETTERS.index("M"), LETTERS.index("A")], (count, 1)), serial])
    body = np.where(old.reshape(-1, 1), numbers, new)
    ascii_codes = CREDIT_ALPHABET[body].astype(np.int64)
    worth = np.where(ascii_codes < ord("A"), ascii_codes - ord("0"), ascii_codes - ord("A") + 10)
    check = 11 - worth @ ORGANISATION_WEIGHTS % 11
    closing = np.select([check == 10, check == 11], [LETTERS.index("X"), 0], check)
    return np.hstack([body, closing.reshape(-1, 1)])


def _one_per_group(group: Ints, values: Ints) -> Ints:
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    result: Ints = values[first][inverse]
    return result
