"""SQL models: dependencies read from the SQL, mistakes named with file and cure."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.models import models, tables
from jiceng_pipeline.warehouse.table import materialise

HEADER = "-- title: t\n-- purpose: p\n-- audience: a\n-- grain: g\n-- columns: {columns}\n"


def write(folder, text, columns="n", name="returned/some.sql"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER.format(columns=columns) + text, "utf-8")
    return folder


def test_dependencies_leave_out_ctes(tmp_path):
    write(tmp_path, "with a as (select n from staging.one) select a.n from a join governance.two as b on b.n = a.n")
    assert models(tmp_path)["returned.some"].depends == {"staging.one", "governance.two"}


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("select n from staging.one", "m", "columns"),
        ("select n from one", "n", "没有写出所在的层"),
        ("selec n", "n", "select"),
        ("create table x as select 1 as n", "n", "不是一条 select"),
    ],
)
def test_a_wrong_model_is_refused(tmp_path, text, columns, said):
    write(tmp_path, text, columns)
    with pytest.raises(DefinitionError, match=said):
        _ = models(tmp_path)["returned.some"].depends


def test_a_missing_header_line_is_named(tmp_path):
    (tmp_path / "returned").mkdir()
    (tmp_path / "returned" / "x.sql").write_text("-- title: t\nselect 1 as n", "utf-8")
    with pytest.raises(DefinitionError, match="purpose"):
        models(tmp_path)


def test_a_failing_build_leaves_the_old_table(tmp_path):
    good, broken = tmp_path / "good", tmp_path / "broken"
    write(good, "select 1 as n")
    write(broken, "select cast('x' as integer) as n")
    settings = Settings(home=tmp_path)
    with connect() as connection:
        assert materialise(connection, tables(good)[0], settings) == 1
        with pytest.raises(Exception, match="Could not convert"):
            materialise(connection, tables(broken)[0], settings)
        assert connection.execute("from returned.some").fetchall() == [(1,)]


@pytest.mark.parametrize("stood", ["table", "view"])
def test_a_model_whose_rows_stand_elsewhere_is_a_view_whatever_a_build_had_before(tmp_path, stood):
    other = write(tmp_path, "-- materialized: view\nselect n from governance.other", name="governance/some.sql")
    (model,) = tables(other)
    with connect() as connection:
        connection.execute("create schema governance; create table governance.other as select 7 as n")
        connection.execute(f"create {stood} governance.some as select 1 as n")
        assert materialise(connection, model, Settings(home=tmp_path)) == 1
        connection.execute("insert into governance.other values (8)")
        assert connection.execute("from governance.some").fetchall() == [(7,), (8,)]
