"""Work is shared between processes, comes back in order, and leaves none of them behind."""

import multiprocessing

import pytest

from jiceng_pipeline.simulation.workers import workers


def halved(number):
    """Return half of an even number."""
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


@pytest.mark.parametrize("alone", [True, False])
def test_results_come_in_the_order_asked_for(alone):
    with workers(alone=alone) as run:
        assert list(run(halved, range(0, 20, 2))) == list(range(10))
    assert not multiprocessing.active_children()


def test_a_failure_is_told_and_ends_the_others():
    with pytest.raises(ValueError, match="3 is odd"), workers(alone=False) as run:
        list(run(halved, [2, 3, 4]))
    assert not multiprocessing.active_children()
