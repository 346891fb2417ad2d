"""How hard the data is: counted as somebody who trusts numbers alone would fare, and held against floors."""

from itertools import combinations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.landing.identity import record_id
from jiceng_pipeline.matching.hardness import FLOORS, Hardness, hardness
from jiceng_pipeline.simulation.truth import truth
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

RECORDS = [  # key, person, citizen_id, other document; None: of nobody, not there any more
    ("1", "a", "n1", None),
    ("2", "a", "n1", None),
    ("3", "a", None, None),
    ("4", "b", "n1", None),
    ("5", "c", None, "H12345678"),
    ("6", "c", None, "H12345678"),
    ("7", None, "n1", None),
]


class Place:
    """Where the truth lies."""

    def __init__(self, path):
        self.resident_record = path


@pytest.fixture
def small(tmp_path):
    """Return a connection to a handful of records, their settings and their truth."""
    settings = Settings(home=tmp_path)
    known = [(key, person) for key, person, *_ in RECORDS if person]
    columns = {"system": ["s/t"] * len(known), "source_key": [k for k, _ in known], "person_id": [p for _, p in known]}
    pq.write_table(pa.table(columns), tmp_path / "truth.parquet")
    with connect() as connection:
        connection.execute("create schema standard")
        connection.execute(
            """create table standard.resident_record
            (record_id varchar, citizen_id varchar, other_document_number varchar, is_current boolean)"""
        )
        rows = [(record_id(settings.secret, "s/t", [key]), number, other, True) for key, _, number, other in RECORDS]
        rows.append((record_id(settings.secret, "s/t", ["8"]), None, None, False))
        connection.executemany("insert into standard.resident_record values (?, ?, ?, ?)", rows)
        yield connection, settings, Place(tmp_path / "truth.parquet")


def test_pairs_are_counted_as_by_hand(small):
    found = hardness(*small)
    true = [(a, b) for a, b in combinations(RECORDS, 2) if a[1] and a[1] == b[1]]
    same = [(a, b) for a, b in combinations(RECORDS, 2) if (a[2] or a[3]) and (a[2] or a[3]) == (b[2] or b[3])]
    both = [pair for pair in same if pair in true]
    assert found.records == len(RECORDS)
    assert found.share_without_usable_id == pytest.approx(1 / 7)
    assert found.exact_id_precision == pytest.approx(len(both) / len(same))
    assert found.exact_id_recall == pytest.approx(len(both) / len(true))
    assert found.exact_id_f1 == pytest.approx(2 * len(both) / (len(same) + len(true)))


def test_a_city_by_default_is_hard_enough(synced):
    with connect(settings=synced, attach={"published": publish.current(synced).database}) as connection:
        connection.execute("use published")
        found = hardness(connection, synced, truth(synced))
    assert FLOORS["default"].lacking(found) == ()
    assert found.exact_id_precision > 0.9


def test_no_records_are_no_error(small):
    connection, *others = small
    connection.execute("delete from standard.resident_record")
    assert hardness(connection, *others).records == 0


@pytest.mark.parametrize(
    ("profile", "found", "lacking"),
    [
        ("default", Hardness(9, 0.11, 0.99, 0.8, 0.9), ()),
        ("default", Hardness(9, 0.09, 0.99, 0.86, 0.93), ("share_without_usable_id", "exact_id_recall", "exact_id_f1")),
        ("harsh", Hardness(9, 0.26, 0.99, 0.69, 0.95), ()),
        ("harsh", Hardness(9, 0.24, 0.99, 0.71, 0.8), ("share_without_usable_id", "exact_id_recall")),
    ],
)
def test_floors(profile, found, lacking):
    assert FLOORS[profile].lacking(found) == lacking
