"""Greedy choice against every choice there is, its bound, and a river that nobody crosses."""

from datetime import date
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services import answer, coverage, network, reach, siting
from jiceng_pipeline.services.siting import GUARANTEE, greedy
from jiceng_pipeline.services.walking import walking
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.services.village import COMMUNITY, EAST, PAPER, WEST, village


def chosen(gains, count):
    rows = [(c, g, n) for c, groups in gains.items() for g, n in groups.items()]
    columns = dict(zip(("candidate", "demand_group", "people"), zip(*rows, strict=True), strict=True))
    with connect() as connection:
        connection.register("given", pa.table({name: list(values) for name, values in columns.items()}))
        connection.execute("create temp table gain as select * from given")
        return greedy(connection, "gain", count)


def best(gains, count):
    return max(
        sum({g: n for each in some for g, n in gains[each].items()}.values()) for some in combinations(gains, count)
    )


@pytest.mark.parametrize("seed", range(6))
def test_greedy_is_within_its_bound_of_the_best_of_fifteen(seed):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 60, 40).tolist()
    gains = {c: {int(g): people[g] for g in rng.choice(40, rng.integers(1, 12), replace=False)} for c in range(15)}
    steps, bound = chosen(gains, 4)
    covered, most = sum(gained for _, gained in steps), best(gains, 4)
    assert GUARANTEE * most <= covered <= most <= bound
    # told of the steps is what they cover
    assert covered == sum({g: n for c, _ in steps for g, n in gains[c].items()}.values())


def test_greedy_is_not_always_best_and_its_bound_says_so():
    """The classic trap: the one that covers most at first spoils it."""
    gains = {1: {1: 3, 2: 3, 3: 3}, 2: {1: 3, 2: 3, 5: 2}, 3: {3: 3, 4: 3, 6: 2}}
    steps, bound = chosen(gains, 2)
    assert [candidate for candidate, _ in steps] == [1, 3]
    assert sum(gained for _, gained in steps) == 14 < best(gains, 2) == 16 <= bound


def test_ties_go_to_the_smaller_and_nothing_is_chosen_for_nobody():
    assert chosen({2: {1: 5}, 1: {1: 5}}, 3) == ([(1, 5)], 5)


# a path on each bank of the river, and no bridge
BANKS = f"""from_longitude,from_latitude,to_longitude,to_latitude,metres
{WEST},32.0,{WEST},32.001,111
{EAST},32.0,{EAST},32.001,111
"""
BUILT = {"new": ("3", WEST, 32.001, True, "Mo-Fr 08:30-17:00", None)}


@pytest.fixture
def banks(tmp_path):
    """Return the settings of a home with two banks, and who lives on them: sixty on the west, forty on the east."""
    settings = Settings(home=tmp_path)
    settings.services.mkdir()
    (settings.services / network.FILE).write_text(BANKS, "utf-8")
    born = date(1990, 1, 1)
    west = {f"w{number}": (WEST, 32.001, born, None, None) for number in range(60)}
    return settings, west | {f"e{number}": (EAST, 32.001, born, None, None) for number in range(40)}


def plan(settings, people, points):
    assumed, paths = walking(settings), network.network(settings)
    with village(settings.home, people, points) as connection:
        reach.everybody(connection, assumed, COMMUNITY)
        found = reach.points_for(connection, COMMUNITY, [PAPER])
        wanted = reach.sets(found, [PAPER], assumed)
        reach.measure(connection, assumed, found, wanted, paths)
        return siting.suggest(connection, assumed, PAPER, wanted, 2, paths)


def test_a_place_gains_whom_its_paths_reach(banks):
    settings, people = banks
    told = plan(settings, people, {})
    assert [(each.longitude, each.gained) for each in told.suggestions] == [(WEST, 60), (EAST, 40)]
    with village(settings.home, people, BUILT) as connection:
        counted = coverage.count(
            connection, walking(settings), [PAPER], paths=network.network(settings), scope=COMMUNITY
        )
    assert sum(each.within for each in counted) == told.suggestions[0].gained
    assert [each.gained for each in plan(settings, people, BUILT).suggestions] == [40]


def test_a_plan_tells_no_small_number_nor_what_was_rounded(banks, tmp_path):
    settings, people = banks
    few = dict(list(people.items())[:6])
    assert (plan(settings, few, {}).people, plan(settings, {}, {}).people) == (None, 0)
    # six places in a row, 700 m apart: greedy begins in the middle, brings 56 of 66 near, and its bound is 69
    row = {
        f"{place}-{number}": (WEST, 32.0 + place * 0.0063, date(1990, 1, 1), None, None)
        for place, count in enumerate((10, 11, 12, 12, 10, 11))
        for number in range(count)
    }
    told = plan(Settings(home=tmp_path / "row"), row, {})
    assert (told.suggestions[-1].covered, told.share_of_best) == (55, 0.81)


def test_minutes_are_not_told_of_a_point_that_most_cannot_reach(banks):
    settings, people = banks
    assumed, paths = walking(settings), network.network(settings)
    for bank, is_told in ((WEST, True), (EAST, False)):
        point = {"new": ("3", bank, 32.0, True, "Mo-Fr 08:30-17:00", None)}
        with village(settings.home, people, point) as connection:
            reach.everybody(connection, assumed, COMMUNITY)
            found = reach.points_for(connection, COMMUNITY, [PAPER])
            told = answer.minutes_to(connection, assumed, assumed.profiles["adult"], found, paths, is_one=False)
        assert ("new" in told) == is_told
