"""Hours: the grammar, holidays and weekends worked in exchange, and the words people read."""

from datetime import date, datetime

import pytest

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.services import opening

STATION = "Mo-Fr 08:30-11:30,14:00-17:30"
NIGHT = "Mo-Fr 22:00-02:00"
HALL = "Mo-Fr 09:00-12:00,13:30-17:30; Sa 09:00-11:30"


def at(*moment):
    return datetime(2026, *moment, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("written", "moment", "is_open"),
    [
        (STATION, at(11, 24, 8, 30), True),
        (STATION, at(11, 24, 8, 29), False),
        (STATION, at(11, 24, 11, 30), False),  # the last minute is no longer open
        (STATION, at(11, 24, 12, 0), False),
        (STATION, at(11, 28, 10, 0), False),
        (HALL, at(11, 28, 10, 0), True),
        (HALL, at(11, 29, 10, 0), False),
        (HALL, at(10, 1, 10, 0), False),  # National Day, a Thursday
        (HALL, at(10, 10, 14, 0), True),  # a Saturday worked in exchange: Monday's hours
        ("Sa-Su 09:00-16:00", at(10, 1, 10, 0), True),
        ("Fr-Mo 09:00-16:00", at(11, 29, 10, 0), True),  # round the end of the week
        (None, at(11, 24, 10, 0), False),
        (NIGHT, at(11, 24, 23, 0), True),
        (NIGHT, at(11, 25, 1, 59), True),  # what began the evening before
        (NIGHT, at(11, 25, 2, 0), False),
        (NIGHT, at(11, 28, 1, 0), True),  # Friday's night
        (NIGHT, at(11, 30, 1, 0), False),  # Sunday has none
    ],
)
def test_open(written, moment, is_open):
    assert opening.is_open(written, moment) is is_open


@pytest.mark.parametrize(
    ("written", "moment", "expected"),
    [
        (STATION, at(11, 24, 9, 0), at(11, 24, 9, 0)),
        (STATION, at(11, 24, 12, 0), at(11, 24, 14, 0)),
        (STATION, at(11, 27, 18, 0), at(11, 30, 8, 30)),
        ("Mo-Fr 14:00-17:30,08:30-11:30", at(11, 24, 7, 0), at(11, 24, 8, 30)),  # the afternoon written first
        (NIGHT, at(11, 24, 21, 0), at(11, 24, 22, 0)),
        (NIGHT, at(11, 25, 1, 0), at(11, 25, 1, 0)),
        (None, at(11, 24, 9, 0), None),
    ],
)
def test_when_it_opens_next(written, moment, expected):
    assert opening.opens(written, moment) == expected


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (STATION, "周一至周五 08:30—11:30、14:00—17:30；周六、周日不开"),
        (HALL, "周一至周五 09:00—12:00、13:30—17:30；周六 09:00—11:30；周日不开"),
        ("Mo-Su 09:00-16:00", "周一至周日 09:00—16:00"),
        (NIGHT, "周一至周五 22:00—次日02:00；周六、周日不开"),
        (None, "没有登记"),
    ],
)
def test_hours_in_words(written, words):
    assert opening.wording(written) == words


def test_a_day_has_the_hours_of_its_day():
    assert opening.on(HALL, date(2026, 11, 28)) == ((540, 690),)
