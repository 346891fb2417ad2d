"""What nobody fills has its place in a table all the same, and takes no room."""

from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.connection import connect

ROWS = """select i as record, 'n' || i as name, cast(null as varchar) as school, cast(null as date) as left_date
    from range(5) as r(i)"""


def test_a_blank_column_is_read_like_any_other(tmp_path):
    file = tmp_path / "build.duckdb"
    with connect(file) as connection:
        blank.create(connection, "made", ROWS, {"record", "name"}, order="record desc")
        assert connection.execute("from made limit 1").fetchall() == [(4, "n4", None, None)]
    with connect(file, read_only=True) as connection:
        names = [(name, kind) for name, kind, *_ in connection.execute("describe made").fetchall()]
        assert names == [(name, kind) for name, kind, *_ in connection.execute(f"describe {ROWS}").fetchall()]
        assert connection.execute(f"select count(*) from (from made except {ROWS})").fetchall() == [(0,)]
        assert connection.execute("select count(school), count(*) from made where left_date is null").fetchall() == [
            (0, 5)
        ]


def test_which_columns_are_filled_is_seen_in_the_rows(tmp_path):
    with connect(tmp_path / "build.duckdb") as connection:
        connection.execute(f"create table made as {ROWS}")
        assert blank.filled(connection, "made", ["name", "school", "left_date"]) == {"name"}
        assert blank.filled(connection, "made", []) == frozenset()
