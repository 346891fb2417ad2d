"""What a masked row still tells (泄露度): how many id numbers and phones fit everything it shows, all columns together.

A number is 6 signs of place, 8 of birth date, 3 of sequence (odd for men) and a check sign that follows from the
rest (GB 11643). Whoever knows the rules, the register of places and the row counts what is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice, product

from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.standard.register import element

ENOUGH = 499  # numbers of one sex, born in one place on one day
_SHORTEST_LEAK = 4
_ANY = "*"
_LENGTH = 18
_OLDEST = 120


def identity_candidates(shown: Mapping[str, object], number: str, today: date, enough: int = 1_000) -> int:
    """Return how many id numbers fit what is `shown` of the row of `number`, element → masked value; at most `enough`.

    A part of the number counts as known wherever it stands, four signs or more in any column. The place counts as
    known: people mostly are from here.
    """
    known = _known_signs(shown, number)
    known[:6] = number[:6]
    sequences = [text for each in _sequences(shown) if _fits(text := f"{each:03d}", known[14:17])]
    days = (text for day in _birth_dates(shown, today) if _fits(text := f"{day:%Y%m%d}", known[6:14]))
    bodies = (f"{number[:6]}{day}{sequence}" for day, sequence in product(days, sequences))
    fitting = (body for body in bodies if known[17] in {_ANY, citizen_check_sign(body)})
    return sum(1 for _ in islice(fitting, enough))


def phone_candidates(shown: Mapping[str, object], number: str) -> int:
    """Return how many phone numbers fit what is shown of `number`."""
    known = [_ANY] * len(number)
    for text in map(str, filter(None, shown.values())):
        for start, length in _common(text, number):
            known[start : start + length] = number[start : start + length]
        if len(text) == len(number) and _ANY in text:
            known = [sign if sign != _ANY else had for sign, had in zip(text, known, strict=True)]
    count: int = 10 ** known.count(_ANY)
    return count


def _known_signs(shown: Mapping[str, object], number: str) -> list[str]:
    known = [_ANY] * _LENGTH
    for name, value in shown.items():
        if not isinstance(value, str):
            continue
        if element(name).type == "citizen_id" and len(value) == _LENGTH:
            known = [sign if sign != _ANY else had for sign, had in zip(value, known, strict=True)]
        for start, length in _common(value, number):
            known[start : start + length] = number[start : start + length]
    return known


def _common(text: str, number: str) -> Iterator[tuple[int, int]]:
    """Yield where parts of `number` that stand in `text` begin, and how long they are."""
    for start, end in product(range(len(number)), range(len(number) + 1)):
        if end - start >= _SHORTEST_LEAK and number[start:end] in text:
            yield start, end - start


def _birth_dates(shown: Mapping[str, object], today: date) -> Iterator[date]:
    """Yield the days that fit the birth date, birth year or age that are shown."""
    born, age = shown.get("birth_date"), shown.get("age_years")
    if isinstance(born, date):
        yield born
        return
    year = int(born) if isinstance(born, int | str) and str(born)[:4].isdigit() else None
    first, last = (year, year) if year else (today.year - _OLDEST, today.year)
    day = date(first, 1, 1)
    while day <= date(last, 12, 31):
        years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
        if not isinstance(age, int) or years == age:
            yield day
        day += timedelta(days=1)


def _sequences(shown: Mapping[str, object]) -> range:
    sex = shown.get("sex_code")
    return range(1 if sex != "2" else 2, 1000, 2 if sex in {"1", "2"} else 1)


def _fits(text: str, known: Sequence[str]) -> bool:
    return all(had in {_ANY, sign} for sign, had in zip(text, known, strict=True))
