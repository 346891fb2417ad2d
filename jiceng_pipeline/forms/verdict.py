"""What becomes of a column that a department asks for: it is there, it is there but has to be looked at, it is
something else, or it really has to be collected."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms.headings import Match
from jiceng_pipeline.forms.lint import held_by
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import element, elements_of

Verdict = Literal["fresh", "verify", "other", "collect"]
VERDICTS: Mapping[Verdict, str] = {
    "fresh": "已有可取", "verify": "已有需核", "other": "口径不同", "collect": "确需采集",
}  # fmt: skip
_SURE = 0.75  # below it may be something else
_NAMED = 3
_STALE = 0.2  # of the values that are held: with more out of date, a community looks at them
# words that change what is meant: of whom, of when, in what unit
_QUALIFIERS = re.compile(r"家庭|户均|人均|配偶|父亲|母亲|子女|上年|去年|年度|累计|万元|计划|拟|曾|是否愿意")


@dataclass(frozen=True)
class Held:
    """How many values of an element the governance database holds, and how many of them are out of date."""

    values: int
    stale: int


def held(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Held]:
    """Return element → what a published version holds of it."""
    found: dict[str, Held] = {}
    for entity in ("resident", "enterprise"):
        table = f"matching.{entity}_golden"
        present = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
        names = [each.id for each in elements_of(entity) if each.id in present]
        counts = connection.execute(f"select {', '.join(f'count({name})' for name in names)} from {table}").fetchone()
        stale = dict(
            connection.execute(
                f"select element_id, count(*) from governance.stale_cell where entity = {literal(entity)} group by all"
            ).fetchall()
        )
        for name, count in zip(names, counts or (), strict=False):
            if name not in found or count > found[name].values:
                found[name] = Held(count, stale.get(name, 0))
    return found


def judge(heading: str, match: Match | None, known: Mapping[str, Held] | None) -> tuple[Verdict, str]:
    """Return the verdict on a column and why; `known` is None before the first version: then contracts alone count."""
    if match is None:
        return "collect", "没有部门掌握"
    own = element(match.element)
    said = set(_QUALIFIERS.findall(heading)) - set(_QUALIFIERS.findall(own.title))
    if match.way != "名称相同" and said and match.confidence < 0.95:
        return "other", f"相近的是“{own.title}”（{own.definition}），但表头写的是{'、'.join(sorted(said))}"
    if match.confidence < _SURE:
        return "other", f"可能是“{own.title}”（{own.definition}），请核对口径"
    holders = held_by(match.element)
    values = known.get(match.element) if known is not None else None
    if not holders and own.entities:
        if values is None or not values.values:
            return "collect", "没有部门掌握，由社区采集一次"
        return "fresh" if values.stale <= _STALE * values.values else "verify", "社区已经采集过"
    titles = _titles(holders)
    if values is not None and values.values and values.stale > _STALE * values.values:
        return "verify", f"{titles}；其中 {values.stale / values.values:.0%} 已过有效期"
    return "fresh", titles


def _titles(holders: Sequence[str]) -> str:
    """Return who holds it, those named first in the contracts, no more than a line has room for."""
    named = [contracts()[name].title for name in holders]
    more = f"等 {len(named)} 个系统" if len(named) > _NAMED else ""
    return "、".join(named[:_NAMED]) + more or "本库得出"
