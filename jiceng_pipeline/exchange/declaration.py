"""申报 (declaration): the elements that a light app's select names are those of its header, none more and none fewer.

That nothing else can be read is the sandbox's work, in which nothing else is there: an element that is not declared
is unknown wherever it stands, in a condition, a join, an order, a count. Here it is said which one it was and what to
write. What is declared and never named would be a right that nobody needs, so it is refused as well.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from jiceng_pipeline.core.errors import DefinitionError

Columns = Mapping[str, Collection[str]]
_LOST: Final = re.compile(r'column (?:named )?"(\w{1,60})"')  # as DuckDB words it


def named(part: Any) -> Iterator[str]:
    """Yield the name of every column that stands anywhere in a select."""
    if isinstance(part, Mapping):
        if part.get("type") == "COLUMN_REF":
            yield part["column_names"][-1].lower()
        yield from (name.lower() for name in part.get("using_columns", ()))
        for value in part.values():
            yield from named(value)
    elif isinstance(part, list):
        for each in part:
            yield from named(each)


def undeclared(app: str, node: Any, held: Columns, seen: Columns, unknown: str, where: str) -> DefinitionError:
    """Return what to say of a select that names what it may not see.

    `held` has the columns that the tables it reads have, `seen` those it may see, `unknown` what DuckDB said.
    """
    hidden = {column for table, columns in held.items() for column in columns if column not in seen[table]}
    if found := sorted(hidden.intersection(named(node))):
        return DefinitionError(
            f"轻应用 {app} 用到没有声明的数据元：{'、'.join(found)}",
            where=where,
            cure=f"不该用的从 select 里去掉；该用的补在 -- elements: 一行：{', '.join(found)}",
        )
    lost = _LOST.search(unknown)
    what = f"所读的表里没有 {lost[1]} 一列" if lost else "select 里有名字或类型不对"
    return DefinitionError(f"轻应用 {app}：{what}", where=where, cure="改正 select")


def unneeded(app: str, node: Any, held: Columns, declared: Collection[str], where: str) -> DefinitionError | None:
    """Return what to say where the header declares what the select names nowhere, None where all is needed."""
    used = {column for columns in held.values() for column in columns}.intersection(named(node))
    if idle := [name for name in declared if name not in used]:
        return DefinitionError(
            f"轻应用 {app} 声明了没有用到的数据元：{'、'.join(idle)}",
            where=where,
            cure=f"从 -- elements: 一行去掉：{', '.join(idle)}",
        )
    return None
