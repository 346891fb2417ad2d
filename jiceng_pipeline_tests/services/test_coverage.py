"""Counts of people near: right, and told only as far as nobody can be made out."""

from datetime import date

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services.coverage import Counted, Share, count, disclosed, gaps, grouped, total
from jiceng_pipeline.services.walking import walking
from jiceng_pipeline_tests.services.village import CARD, COMMUNITY, PAPER, WEST, village

ADULT, AGED = date(1980, 1, 1), date(1950, 1, 1)


def test_people_are_counted_by_how_they_walk(tmp_path):
    """865 m as the crow flies are a quarter of an hour at 4.5 km/h with the detour, 577 m at 3 km/h."""
    near, between, far = 32.0051, 32.0070, 32.0105  # 567, 778 and 1,056 m from the station and from the hall
    people = {
        **{f"near{n}": (WEST, near, AGED, None, None) for n in range(3)},
        **{f"between{n}": (WEST, between, AGED, None, None) for n in range(4)},
        **{f"quick{n}": (WEST, between, ADULT, None, None) for n in range(5)},
        "far": (WEST, far, ADULT, None, None),
        "wheels": (WEST, near, ADULT, "4", "1"),
        "lost": (None, None, ADULT, None, None),
    }
    with village(tmp_path, people) as connection:
        found = count(connection, walking(Settings(home=tmp_path)), [PAPER, CARD])
    told = {(each.item, each.profile): (each.people, each.within, each.unlocated) for each in found}
    assert told["paper", "aged"] == (7, 3, 0)
    assert told["paper", "adult"] == (6, 5, 1)
    assert told["paper", "wheelchair"] == (1, 0, 0)
    assert told["card", "aged"] == (7, 0, 0)
    assert {each.community_code for each in found} == {COMMUNITY}


@pytest.mark.parametrize(
    ("people", "within", "told"),
    [
        (7, 7, (None, None)),
        (8, 8, (10, 10)),
        (0, 0, (None, None)),
        (100, 3, (100, None)),
        (100, 97, (100, None)),  # three who are not near can be made out as well
        (100, 0, (100, 0)),
        (100, 100, (100, 100)),
        (203, 98, (205, 100)),
    ],
)
def test_no_number_of_fewer_than_eight_is_told(people, within, told):
    share = disclosed(Counted(COMMUNITY, "paper", "adult", people, within, 0))
    assert (share.people, share.within) == told
    assert bool(share.note) == (None in told)


def test_a_total_gives_nothing_back_that_was_withheld():
    parts = [Counted(f"32061300500{n}", "paper", "adult", 100, within, 3) for n, within in enumerate((50, 97, 60))]
    (whole,) = total([disclosed(each) for each in parts], 9)
    assert (whole.area_code, whole.people, whole.within, whole.unlocated) == ("320613005", 200, 110, 0)
    assert "1 处" in whole.note


def test_the_items_of_a_department_are_told_together_without_what_is_withheld():
    counted = [("a", 100, 50), ("b", 100, 97), ("c", 100, 90)]
    parts = [disclosed(Counted(COMMUNITY, item, "adult", people, within, 0)) for item, people, within in counted]
    first, second = grouped(parts, {"a": "one", "b": "one", "c": "two"})
    assert (first.item, first.people, first.within, second.item, second.share) == ("one", 100, 50, "two", 0.9)


def test_gaps_are_where_most_people_are_far():
    told = {"a": (100, 90), "b": (50, 10), "c": (200, 100), "d": (100, None)}
    shares = [Share(code, "x", "adult", people, within, 0) for code, (people, within) in told.items()]
    assert [each.area_code for each in gaps(shares)] == ["c", "b"]
