"""The metrics of the matching benchmark on an example worked by hand."""

import pytest

from benchmarks.matching.metrics import scores
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect

# Two of A lie with one of B; the third of A, the other of B and C lie alone. The first of A has no number.
RECORDS = (
    "('one', 'A', true), ('one', 'A', false), ('one', 'B', false), ('two', 'A', false), ('three', 'B', false), "
    "('four', 'C', false)"
)


@pytest.fixture
def judge(tmp_path):
    """Return the scores of rows (predicted, true_id, is_residual)."""
    with connect(settings=Settings(home=tmp_path)) as connection:
        yield lambda rows: scores(connection, f"select * from (values {rows}) as r (predicted, true_id, is_residual)")


def test_pairs(judge):
    """Three predicted pairs, four true ones, one of them both."""
    found = judge(RECORDS)
    assert (found["precision"], found["recall"]) == pytest.approx((1 / 3, 1 / 4))
    assert found["f1"] == pytest.approx(2 / 7)


def test_pairs_with_a_residual_record(judge):
    """Of the first of A: two predicted pairs, two true ones, one of them both."""
    found = judge(RECORDS)
    assert [found[f"residual_{name}"] for name in ("precision", "recall", "f1")] == [0.5, 0.5, 0.5]


def test_b_cubed(judge):
    """A mean over the records of how much of their entity is theirs, and how much of theirs is in it."""
    found = judge(RECORDS)
    assert found["b3_precision"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1) / 6)
    assert found["b3_recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2 + 1) / 6)


def test_whole_entities(judge):
    """One entity holds two people; A and B lie in two places each."""
    found = judge(RECORDS)
    assert (found["over_merged"], found["split"]) == (1, 2)


def test_a_record_without_truth_is_nobody_else(judge):
    """It makes a false pair with whatever it lies with, also with another such record."""
    found = judge("('one', 'A', false), ('one', null, false), ('two', null, false), ('two', null, false)")
    assert (found["precision"], found["recall"], found["over_merged"], found["split"]) == (0.0, 1.0, 2, 0)


def test_everything_right(judge):
    """A perfect answer has no error of any kind, and an answer without pairs no false ones."""
    for rows in ("('one', 'A', true), ('one', 'A', true), ('two', 'B', false)", "('one', 'A', true)"):
        found = judge(rows)
        assert {value for name, value in found.items() if name not in ("over_merged", "split")} == {1.0}
        assert (found["over_merged"], found["split"]) == (0, 0)
