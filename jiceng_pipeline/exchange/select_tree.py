"""The tree that DuckDB's parser makes of a select (`json_serialize_sql`), and what can be asked of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Node = Mapping[str, Any]
_NULLABLE: Final[Mapping[str, tuple[str, ...]]] = {"INNER": (), "LEFT": ("right",), "RIGHT": ("left",)}


def parts(part: Any) -> Iterator[Node]:
    """Yield every node of a tree, the outer before the inner."""
    if isinstance(part, Mapping):
        if isinstance(part.get("type"), str):  # of a constant's value it is a mapping
            yield part
        for value in part.values():
            yield from parts(value)
    elif isinstance(part, list):
        for value in part:
            yield from parts(value)


def selects(part: Any) -> Iterator[Node]:
    """Yield every select and every union of them."""
    return (each for each in parts(part) if each["type"] in {"SELECT_NODE", "SET_OPERATION_NODE"})


def references(part: Any) -> Iterator[list[str]]:
    """Yield the path of every column that is named: its own name last."""
    for each in parts(part):
        if each["type"] == "COLUMN_REF":
            yield each["column_names"]
        yield from ([name] for name in each.get("using_columns", ()))


def name(part: Node) -> str:
    """Return what a result column is called, nothing where DuckDB makes a name up."""
    return str(part["alias"] or bare(part)).lower()


def bare(part: Node) -> str:
    """Return the name of a column that stands there as it is, nothing for any other expression."""
    return str(part["column_names"][-1]).lower() if part["type"] == "COLUMN_REF" else ""


def row_names(part: Any) -> Iterator[str]:
    """Yield the names that stand for whole rows."""
    for each in parts(part):
        if each["type"] in {"BASE_TABLE", "SUBQUERY"}:
            yield str(each["alias"] or each.get("table_name", "")).lower()


def ctes(part: Any) -> Mapping[str, Any]:
    """Return name → what it is, of every CTE."""
    held = (each.get("cte_map") for each in parts(part))
    return {
        each["key"].lower(): each["value"]["query"]["node"]
        for found in held
        if isinstance(found, dict)
        for each in found["map"]
    }


def nullable(part: Any) -> Iterator[tuple[str, Node, Any]]:
    """Yield (name, join, side) for what an outer join may leave without a row."""
    for each in parts(part):
        if each["type"] == "JOIN":
            for side in _NULLABLE.get(each["join_type"], ("left", "right")):
                yield from ((row, each, each[side]) for row in row_names(each[side]))


def deciding(
    part: Any, known: Mapping[str, Any], is_free: Callable[[Node], bool], passed: frozenset[str] = frozenset()
) -> Iterator[Any]:
    """Yield what decides which rows there are: conditions of selects and joins, and where there is a limit the order.

    `known` are the CTEs, which are looked into where they are read; what `is_free` accepts is passed over.
    """
    if isinstance(part, list):
        for each in part:
            yield from deciding(each, known, is_free, passed)
        return
    if not isinstance(part, Mapping):
        return
    kind = part.get("type")
    if kind == "SELECT_NODE" and is_free(part):
        return
    yield from (part[key] for key in ("where_clause", "having", "qualify") if part.get(key))
    if kind == "JOIN":
        yield {**part, "left": None, "right": None}
    if any(each["type"] == "LIMIT_MODIFIER" for each in part.get("modifiers") or ()):
        yield part["modifiers"]
    if kind == "BASE_TABLE" and not part["schema_name"]:
        read = part["table_name"].lower()
        if read in known and read not in passed:
            yield from deciding(known[read], known, is_free, passed | {read})
    for key, value in part.items():
        if key != "cte_map":
            yield from deciding(value, known, is_free, passed)
