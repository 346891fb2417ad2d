"""The sandbox (沙箱) in which the SQL of a light app runs: one select over declared elements, and nothing else.

Three walls, each enough for most attempts. (1) DuckDB's own parser, the one that will run the text, says what is in it,
and everything that is not on a short list of what a list of people needs is refused: statements, functions, table
functions, stars, settings, the clock. (2) Tables are views in a database of their own that have the declared elements
only; the text cannot name another database. (3) The connection has no file system, no network and no extensions, and
its settings are locked.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.connection import identifier

_CATALOG: Final = "sandbox"
_SCHEMAS: Final = frozenset({"governance", "standard", "matching"})
# tables that say nothing of anybody: all of their columns may be read
OPEN: Final = frozenset({"standard.business_day", "standard.division", "governance.community"})
_LISTED: Final = {"standard": {"business_day", "division"}, "matching": {"resident_golden", "enterprise_golden"}}

_NODES: Final = frozenset(
    re.findall(
        r"\S+",
        """
        SELECT_NODE SET_OPERATION_NODE CTE_NODE BASE_TABLE JOIN SUBQUERY EMPTY EMPTY_FROM ORDER_MODIFIER LIMIT_MODIFIER
        DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING COLUMN_REF VALUE_CONSTANT FUNCTION CASE_EXPR OPERATOR_CAST
        OPERATOR_COALESCE OPERATOR_NULLIF OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL CONJUNCTION_AND
        CONJUNCTION_OR COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN COMPARE_GREATERTHAN COMPARE_LESSTHANOREQUALTO
        COMPARE_GREATERTHANOREQUALTO COMPARE_IN COMPARE_NOT_IN COMPARE_BETWEEN COMPARE_DISTINCT_FROM
        COMPARE_NOT_DISTINCT_FROM WINDOW_AGGREGATE WINDOW_ROW_NUMBER WINDOW_RANK WINDOW_RANK_DENSE WINDOW_LAG
        WINDOW_LEAD WINDOW_FIRST_VALUE WINDOW_LAST_VALUE
        """,
    )
)
_FUNCTIONS: Final = frozenset(
    re.findall(
        r"\S+",
        """
        count count_star sum min max avg any_value string_agg array_agg list bool_or bool_and row_number rank dense_rank
        lag lead first_value last_value abs floor ceil round trunc greatest least lower upper trim ltrim rtrim left
        right substr substring length strpos contains starts_with split_part concat concat_ws || replace lpad rpad
        like_escape ~~ !~~ regexp_matches array_to_string list_sort list_distinct year month day date_part date_diff
        date_trunc date_add to_years to_months to_days cos radians power + - * / // %
        """,
    )
)
# names that are no columns: DuckDB turns them into calls
_NO_COLUMNS: Final = frozenset(
    re.findall(
        r"\S+",
        """
        current_date current_time current_timestamp localtime localtimestamp current_user user session_user current_role
        current_catalog current_schema current_database rowid
        """,
    )
)


@dataclass(frozen=True)
class Checked:
    """A select that passed, what the parser made of it, and the tables it reads."""

    tables: frozenset[str]
    sql: str
    node: Mapping[str, Any]


def checked(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> Checked:
    """Return what may run; raise DefinitionError naming the first thing that may not. Nothing is run here."""
    tree = _parsed(connection, sql, where)
    statement = tree["statements"][0]
    if len(tree["statements"]) != 1 or statement.get("named_param_map"):
        raise refused("不是一条没有参数的 select", where)
    tables: set[str] = set()
    _walk(statement["node"], frozenset(), tables, lambda what: refused(what, where))
    return Checked(frozenset(tables), sql, statement["node"])


def enter(connection: duckdb.DuckDBPyConnection, select: Checked, columns: Mapping[str, Collection[str]]) -> str:
    """Shut the connection in a database that has the `columns` of each table the select reads, and nothing else.

    Return the name of the one outside. The connection is of no use afterwards but to read and to write tables.
    """
    home: str = connection.execute("select current_database()").fetchall()[0][0]
    known = connection.execute(f"select 1 from duckdb_databases() where database_name = '{_CATALOG}'").fetchall()
    if known:  # another select ran before this one, in the same shut database: nothing of it is left
        for (layer,) in connection.execute(
            f"select schema_name from duckdb_schemas() where database_name = '{_CATALOG}' and not internal"
        ).fetchall():
            connection.execute(f"drop schema {_CATALOG}.{identifier(layer)} cascade")
    else:
        connection.execute(f"attach ':memory:' as {_CATALOG}")
    for source in sorted(select.tables):
        layer, _, source_name = source.partition(".")
        shown = ", ".join(identifier(column) for column in columns[source])
        connection.execute(f"create schema if not exists {_CATALOG}.{layer}")
        connection.execute(
            f"create view {_CATALOG}.{layer}.{identifier(source_name)} as"
            f" select {shown} from {identifier(home)}.{layer}.{identifier(source_name)}"
        )
    if not known:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    connection.execute(f"use {_CATALOG}")
    return home


def binds(connection: duckdb.DuckDBPyConnection, select: Checked, keep: str) -> None:
    """Raise duckdb.BinderException where the select names what is not there, inside; nothing is read."""
    connection.execute(f"describe {_kept(select, keep)}")


def fill(connection: duckdb.DuckDBPyConnection, home: str, table: str, select: Checked, keep: str) -> None:
    """Create `table` outside from the rows for which `keep` is not null."""
    schema, _, name = table.partition(".")
    blank.create(connection, f"{identifier(home)}.{schema}.{identifier(name)}", _kept(select, keep))
    connection.execute(f"use {identifier(home)}")


def _kept(select: Checked, keep: str) -> str:
    return f"select * from (\n{select.sql}\n) as app where {identifier(keep)} is not null"


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> dict[str, Any]:
    text = connection.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()[0][0]
    tree: dict[str, Any] = json.loads(text)
    if tree["error"] or not tree["statements"]:
        raise refused("不是一条 select 语句", where)
    return tree


def _walk(part: Any, names: frozenset[str], tables: set[str], refused: Callable[[str], DefinitionError]) -> None:
    """Go through a tree and collect its tables; `names` are the CTEs in sight."""
    if isinstance(part, list):
        for each in part:
            _walk(each, names, tables, refused)
        return
    if not isinstance(part, dict):
        return
    names = names | {each["key"].lower() for each in _ctes(part)}
    if isinstance(kind := part.get("type"), str):
        _look_at(kind, part, names, tables, refused)
    if part.get("sample"):
        raise refused("不能抽样")
    if part.get("column_name_alias") or any(each["value"].get("aliases") for each in _ctes(part)):
        raise refused("列在 select 里用 as 改名，不写在表名后面")
    for key, value in part.items():
        if not (key == "value" and kind == "VALUE_CONSTANT"):
            _walk(value, names, tables, refused)


def _ctes(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    held = part.get("cte_map")
    yield from held["map"] if isinstance(held, dict) else ()


def _look_at(
    kind: str, part: dict[str, Any], names: frozenset[str], tables: set[str], refused: Callable[[str], DefinitionError]
) -> None:
    if kind not in _NODES:
        raise refused(f"不能用 {_plain(kind)}")
    if kind == "FUNCTION" or kind.startswith("WINDOW"):
        name = part.get("function_name", "")
        if name not in _FUNCTIONS:
            raise refused(f"不能用函数 {_plain(name)}")
        if part.get("schema") or part.get("catalog"):
            raise refused("函数前面不能写库名")
    if kind == "COLUMN_REF" and part["column_names"][-1].lower() in _NO_COLUMNS:
        raise refused(f"不能用 {_plain(part['column_names'][-1])}")
    if kind == "JOIN" and part["ref_type"] in {"NATURAL", "POSITIONAL"}:
        raise refused("join 要用 on 写明怎么连")
    if kind == "BASE_TABLE":
        _read_from(part, names, tables, refused)


def _read_from(
    part: dict[str, Any], names: frozenset[str], tables: set[str], refused: Callable[[str], DefinitionError]
) -> None:
    schema, name = part["schema_name"].lower(), part["table_name"].lower()
    if part["catalog_name"] or part.get("at_clause"):
        raise refused("表名前面只写层")
    if not schema:
        if name not in names:
            raise refused(f"表 {_plain(name)} 没有写出所在的层")
        return
    if schema not in _SCHEMAS or (schema in _LISTED and name not in _LISTED[schema]):
        raise refused(f"不能读 {_plain(schema)}.{_plain(name)}")
    tables.add(f"{schema}.{name}")


def _plain(name: str) -> str:
    return name[:40]


def refused(what: str, where: str) -> DefinitionError:
    """Return the error for a select that may not run."""
    return DefinitionError(what, where=where, cure="轻应用只能是一条 select：声明过的数据元、普通的函数")
