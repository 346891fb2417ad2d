"""Greedy choice against every choice there is, and its bound."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from jiceng_pipeline.services.siting import GUARANTEE, greedy
from jiceng_pipeline.warehouse.connection import connect


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
