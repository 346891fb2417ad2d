import duckdb
import pytest

from jiceng_pipeline.landing import identity
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture
def engine():
    with connect() as connection:
        yield connection


@pytest.mark.parametrize("key", [("1",), ("王𠮷", "320602"), ("", None), ("it's", 'a"b'), ("a|b", "c")])
@pytest.mark.parametrize("ordinal", [1, 12])
def test_sql_and_scalar_agree(engine, key, ordinal):
    names = [f"k {place}" for place in range(len(key))]
    columns = ", ".join(f'cast(? as varchar) as "{name}"' for name in names)
    expression = identity.record_id_expression("f00d", "'d/s'", identity.key_expression(names), str(ordinal))
    found = engine.execute(f"select {expression} from (select {columns})", list(key)).fetchall()
    assert found == [(identity.record_id("f00d", "d/s", key, ordinal),)]


def test_everything_that_names_a_record_changes_its_id():
    ids = {
        identity.record_id("s", "d/s", ["a", "b"]),
        identity.record_id("t", "d/s", ["a", "b"]),
        identity.record_id("s", "d/t", ["a", "b"]),
        identity.record_id("s", "d/s", ["ab", ""]),
        identity.record_id("s", "d/s", ["a", "b"], 2),
    }
    assert len(ids) == 5
    assert {len(each) for each in ids} == {32}


def test_a_row_hash_tells_null_from_empty_and_column_from_column(engine):
    rows = [("a", "b"), ("ab", ""), ("ab", None), ("", "ab"), (None, "ab"), (None, None), ("", "")]
    expression = identity.row_hash_expression(["x", "y"])
    found = {
        engine.execute(f"select {expression} from (select ?::varchar as x, ?::varchar as y)", list(row)).fetchall()[0][
            0
        ]
        for row in rows
    }
    assert len(found) == len(rows)
    assert isinstance(engine, duckdb.DuckDBPyConnection)
