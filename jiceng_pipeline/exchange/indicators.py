"""Indicators (指标): one count or share of every community, `dbt_like_sql/indicators/<indicator>.sql`.

A file counts at the community; all levels above are sums (`exchange.rollup`). Its header says beside the common
lines: `unit`; `definition`; `level_rule`, sum or ratio; of a ratio the `numerator` and the `denominator`, each a
node of another indicator; and how it hangs together with others, which is what disclosure control needs to know:
`sums_to` (its categories are a division of that node) or `part_of` (all it counts is among what that node counts).

A node is an indicator, or one category of it: `population_by_age_and_sex/60岁及以上`. Categories may be paths:
what is counted under a/b is counted under a, and everything under the indicator itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.warehouse.models import Model, models

SCHEMA: Final = "indicators"
TOTAL: Final = ""  # the category of an indicator as a whole
_COLUMNS = {"sum": ("community_code", "category", "value"), "ratio": ("community_code", "category", "value", "base")}


@dataclass(frozen=True)
class Node:
    """One category of an indicator; `TOTAL` is the indicator as a whole."""

    indicator: str
    category: str = TOTAL


@dataclass(frozen=True)
class Indicator:
    """One indicator: what its file says. `sums_to` and `part_of` name the node it hangs from, if any."""

    name: str
    title: str
    purpose: str
    unit: str
    definition: str
    sql: str
    depends: frozenset[str]
    is_ratio: bool
    numerator: Node | None
    denominator: Node | None
    sums_to: Node | None
    part_of: Node | None
    code_set: str | None

    def words(self, category: str) -> str:
        """Return a category in words; a path says only its last part."""
        if category == TOTAL:
            return "合计"
        names = code_sets()[self.code_set] if self.code_set else _holders()
        return names.get(category, category.rpartition("/")[2])


@cache
def indicators(folder: Path) -> Mapping[str, Indicator]:
    """Read every indicator of the folder of SQL models; raise DefinitionError where a header is wrong."""
    found = {model.name: _read(model) for model in models(folder).values() if model.schema == SCHEMA}
    for each in found.values():
        for node in (each.numerator, each.denominator, each.sums_to, each.part_of):
            if node is not None and (node.indicator not in found or found[node.indicator].is_ratio):
                raise DefinitionError(
                    f"没有指标 {node.indicator}", where=f"{folder / SCHEMA / each.name}.sql", cure="检查指标的名称"
                )
    return found


def find(folder: Path, wanted: str) -> Indicator:
    """Return the indicator of that name or title; raise UsageError where there is none."""
    known = indicators(folder)
    for each in known.values():
        if wanted in {each.name, each.title}:
            return each
    raise UsageError("没有这个指标", where=f"指标 {wanted}", cure="用 jiceng indicator list 查看")


def _read(model: Model) -> Indicator:
    said = model.header
    rule = said.get("level_rule", "")
    needed = ("unit", "definition", "level_rule", *(("numerator", "denominator") if rule == "ratio" else ()))
    if missing := [name for name in needed if not said.get(name)]:
        raise DefinitionError(f"缺少说明行 -- {missing[0]}: …", where=f"{model.path}:1", cure="补在文件开头")
    if rule not in _COLUMNS:
        raise DefinitionError(f"level_rule 不能是 {rule}", where=f"{model.path}:1", cure=f"可用：{'、'.join(_COLUMNS)}")
    if model.columns != _COLUMNS[rule]:
        raise DefinitionError("指标的列不对", where=f"{model.path}:1", cure=f"-- columns: {', '.join(_COLUMNS[rule])}")
    if "sums_to" in said and "part_of" in said:
        raise DefinitionError("sums_to 与 part_of 只写一个", where=f"{model.path}:1", cure="分组写前者，子集写后者")
    if (code_set := said.get("code_set")) and code_set not in code_sets():
        raise DefinitionError(f"没有代码集 {code_set}", where=f"{model.path}:1", cure="见 standard/code_sets/")
    nodes = {name: _node(said.get(name)) for name in ("numerator", "denominator", "sums_to", "part_of")}
    return Indicator(
        name=model.name,
        title=model.title,
        purpose=model.purpose,
        unit=said["unit"],
        definition=said["definition"],
        sql=model.sql,
        depends=model.depends,
        is_ratio=rule == "ratio",
        code_set=code_set,
        **nodes,
    )


def _node(text: str | None) -> Node | None:
    if text is None:
        return None
    indicator, _, category = text.partition("/")
    return Node(indicator, category)


@cache
def _holders() -> Mapping[str, str]:
    """Return the words for departments and systems, where they are categories."""
    known = contracts().values()
    offices = {each.name.partition("/")[0]: each.owner.name.partition(" ")[0] for each in known}
    return {**offices, **{each.name: each.title for each in known}}
