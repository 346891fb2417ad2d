"""Whether a changed delivery was believed: mapped to what it means, or stopped with what was good left as it was."""

import json

import pytest

from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline_tests.landing.drifting import COLUMNS, STORES, people, standard_of

ALL = tuple(STORES)


def changed(column, change, rows=None):
    """Return the rows with `change` made to the cells of one column, of the first `rows` only where given."""
    place = COLUMNS.index(column)
    return [
        (*row[:place], change(row[place]), *row[place + 1 :]) if rows is None or number < rows else row
        for number, row in enumerate(people())
    ]


def swapped(one, other):
    """Return the rows with the contents of two columns in each other's place."""
    order = [{one: other, other: one}.get(name, name) for name in COLUMNS]
    return [tuple(row[COLUMNS.index(name)] for name in order) for row in people()]


def without(column):
    """Return header and rows without a column."""
    place = COLUMNS.index(column)
    return [tuple(each[:place] + each[place + 1 :]) for each in (COLUMNS, *people())]


def renamed(column, name):
    """Return the header with another name."""
    return tuple(name if each == column else each for each in COLUMNS)


def stopped(store, *words):
    """Assert that the delivery is refused with these words, and that what was good stays as it was."""
    before = snapshot.in_force(store.settings, store.contract)
    found = store.pull()
    assert (found.status, found.snapshot) == ("failed", before.name), found
    assert found == outcome.latest(store.settings, store.contract)
    assert found.error["kind"] == "SourceRejected", found.error
    for word in words:
        assert word in found.error["what"]
    assert found.error["where"]
    assert found.error["cure"]
    said = json.dumps(found.error, ensure_ascii=False)
    for row in people():
        for value in (row[1], row[2], row[4]):
            assert value not in said
    assert store.standard() == (standard_of(people()), [])
    snapshot.verify(before)


def mapped(store, rows=None):
    """Assert that the delivery is taken in and means what it should."""
    found = store.pull()
    assert found.status in {"landed", "unchanged"}, found.error
    assert store.standard() == (standard_of(rows or people()), [])


def on(*kinds):
    """Have the test take its `held` from these kinds of store."""
    return pytest.mark.parametrize("held", kinds, indirect=True)
