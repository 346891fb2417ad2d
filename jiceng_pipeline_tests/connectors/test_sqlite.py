import sqlite3

import pytest

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken


@pytest.fixture
def path(tmp_path):
    return tmp_path / "register.db"


@pytest.fixture
def database(path):
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def fill(database, count, values):
    """Insert as many rows; `values` may use their number `i`, counted from 0."""
    database.execute(
        f"""insert into ENT with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {count})
        select {values} from n"""
    )


def read(path, columns, renames=None, table="ENT"):
    return taken("sql", columns, {"table": table}, {"file": str(path)}, renames)


def test_every_type_comes_as_sqlite_writes_it(path, database):
    database.execute("create table ENT (A text, B real, C integer, D date, E)")
    database.execute("insert into ENT values ('王𠮷', 50, 9007199254740993, '', 0.1)")
    database.execute("insert into ENT values (null, 'not a number', '12x', '2024-05-01', null)")
    rows, found = read(path, ["A", "B", "C", "D", "E"])
    assert rows == [
        (1, "王𠮷", "50.0", "9007199254740993", "", "0.1"),
        (2, None, "not a number", "12x", "2024-05-01", None),
    ]
    assert (found.promised_rows, found.rejects, found.notes) == (2, [], {})


def test_rows_keep_the_number_sqlite_gave_them(path, database):
    database.execute("create table ENT (A text)")
    fill(database, base.BATCH_ROWS + 5, "i")
    database.execute("delete from ENT where rowid in (2, 60000)")
    rows, _ = read(path, ["A"])
    assert [row for row, _ in rows] == [int(value) + 1 for _, value in rows]
    assert len(rows) == base.BATCH_ROWS + 4


@pytest.mark.parametrize(
    "create", ["create view ENT as select A from T", "create table ENT (A text primary key) without rowid"]
)
def test_what_has_no_rowid_is_counted(path, database, create):
    database.execute("create table T (A text)")
    database.execute(create)
    database.execute(f"insert into {'T' if 'view' in create else 'ENT'} values ('x'), ('y')")
    assert read(path, ["A"])[0] == [(1, "x"), (2, "y")]


def test_rows_of_an_old_program_are_gb18030(path, database):
    database.execute("create table ENT (A text, B text)")
    for name, address in [("联通", "南通市崇川区"), ("王𠮷䶮", "")]:
        database.execute(
            "insert into ENT values (cast(? as text), cast(? as text))",
            (name.encode("gb18030"), address.encode("gb18030")),
        )
    database.execute("insert into ENT values ('王𠮷', '崇川')")
    rows, found = read(path, ["A", "B"])
    assert rows == [(1, "联通", "南通市崇川区"), (2, "王𠮷䶮", ""), (3, "王𠮷", "崇川")]
    assert "GB18030" in found.notes["encoding"]


def test_a_row_two_programs_wrote_is_read_cell_by_cell(path, database):
    database.execute("create table ENT (A text, B text)")
    database.execute("insert into ENT values (cast(? as text), '崇川·甲')", ("联通".encode("gb18030"),))
    database.execute("insert into ENT values (cast(? as text), 'plain')", ("王小二".encode("gb18030"),))
    rows, found = read(path, ["A", "B"])
    assert rows == [(1, "联通", "崇川·甲"), (2, "王小二", "plain")]
    assert found.rejects == []


def test_bytes_that_are_no_text_are_rejected_with_their_row(path, database):
    database.execute("create table ENT (A text)")
    database.executemany("insert into ENT values (cast(? as text))", [(b"good",), (b"\xff\xff\xff",), (b"fine",)])
    rows, found = read(path, ["A"])
    assert rows == [(1, "good"), (3, "fine")]
    assert [(reject.row, "编码" in reject.reason) for reject in found.rejects] == [(2, True)]
    assert len(rows) + len(found.rejects) == found.promised_rows


def test_a_row_with_nul_characters_is_rejected(path, database):
    database.execute("create table ENT (A text, B text)")
    old = "王".encode("gb18030")
    database.execute("insert into ENT values ('张' || char(0) || '三', 'x'), ('李四', ''), ('王五', char(0, 0))")
    database.execute("insert into ENT values (null, 'y'), (cast(? as text), cast(? as text))", (old, old + b"\0"))
    rows, found = read(path, ["A", "B"])
    assert rows == [(2, "李四", ""), (4, None, "y")]
    assert [(reject.row, "NUL" in reject.reason) for reject in found.rejects] == [(1, True), (3, True), (5, True)]


def test_one_odd_row_among_many_is_not_lost(path, database):
    database.execute("create table ENT (A text, B text)")
    fill(database, base.BATCH_ROWS * 2, "i, '好'")
    database.execute("update ENT set B = cast(x'bac3' as text) where rowid = 70000")
    rows, found = read(path, ["A", "B"])
    assert len(rows) == found.promised_rows
    assert {value for _, _, value in rows} == {"好"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table ENT drop column B", "缺少列 B"),
        ("alter table ENT add column SALARY", "多出列 SALARY"),
        ("alter table ENT rename column B to C", "缺少列 B；多出列 C"),
        ("drop table ENT", "没有这张表"),
    ],
)
def test_a_changed_table_is_refused_by_name(path, database, change, words):
    database.execute("create table ENT (A text, B text, X text)")
    database.execute(change)
    with pytest.raises(SourceRejected, match=words):
        read(path, ["A", "B", "X"])


def test_a_known_rename_is_mapped(path, database):
    database.execute("create table ENT (A text, NAME text)")
    database.execute("insert into ENT values ('1', '甲')")
    rows, found = read(path, ["A", "B"], {"NAME": "B"})
    assert rows == [(1, "1", "甲")]
    assert found.notes == {"renamed": "NAME→B"}


def test_a_database_in_use_can_be_read(path, database):
    database.execute("pragma journal_mode = wal")
    database.execute("create table ENT (A text)")
    database.execute("insert into ENT values ('1')")
    database.execute("begin")
    database.execute("insert into ENT values ('not committed')")
    assert read(path, ["A"])[0] == [(1, "1")]


def test_the_source_is_only_read(path, database):
    database.execute("create table ENT (A text)")
    database.execute("insert into ENT values ('1')")
    before = path.read_bytes()
    path.chmod(0o400)
    read(path, ["A"])
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_no_file(path):
    with pytest.raises(SourceUnreachable, match="不存在"):
        read(path, ["A"])


def test_half_a_file(path, database):
    database.execute("create table ENT (A text)")
    fill(database, 5000, f"'{'x' * 200}'")
    database.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceRejected, match="不是完整的 SQLite"):
        read(path, ["A"])


def test_something_else(path):
    path.write_bytes(b"PK\x03\x04" + b"rubbish " * 500)
    with pytest.raises(SourceRejected, match="不是完整的 SQLite"):
        read(path, ["A"])


def test_reading_can_stop_anywhere(path, database):
    database.execute("create table ENT (A text)")
    fill(database, base.BATCH_ROWS * 3, "'x'")
    found = extract("sql", ["A"], {"table": "ENT"}, {"file": str(path)})
    next(found.batches)
    found.close()
    database.execute("drop table ENT")
