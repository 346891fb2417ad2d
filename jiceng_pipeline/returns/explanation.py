"""说明: what a package tells of itself in words: what for, how old, from which systems, what each column means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.returns.marks import IN_DOUBT, STALE
from jiceng_pipeline.returns.masks import HIDDEN, SHOWN

DISPUTE = "发现数据有错，请把社区、标识和数据项告诉该项的来源部门，由来源部门核实改正，改正后会随下一版本回流"


@dataclass(frozen=True)
class Section:
    """A small table with a heading."""

    heading: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def title(cut: Cut) -> str:
    """Return the heading of the whole."""
    return f"{cut.place.name} {cut.dataset.title}"


def facts(cut: Cut, rows: int) -> Mapping[str, str]:
    """Return label → text."""
    return {**cut.facts, "行数": f"{rows:,}", **_marked(cut), "数据有错怎么办": DISPUTE}


def _marked(cut: Cut) -> Mapping[str, str]:
    words = [said for row in cut.marks.values() for said in row.values()]
    counts = {kind: sum(kind in said for said in words) for kind in (IN_DOUBT, STALE)}
    told = "、".join(f"{kind} {count:,} 格" for kind, count in counts.items() if count)
    return {"存疑和过期": f"{told}：照常显示，格子有底色，批注里写着原因"} if told else {}


def sections(cut: Cut) -> tuple[Section, ...]:
    """Return where the data come from, and what each column means."""
    systems = [
        (
            contract.title,
            contract.owner.name,
            delivery.date.isoformat() if delivery.date else "从未送达",
            "上次没有按时送达，沿用旧数据" if delivery.is_stale else "正常",
        )
        for contract, delivery in cut.systems().values()
    ]
    columns = [
        (each.title, each.definition, cut.source_of(each), each.standard, _shown(cut, each.id)) for each in cut.elements
    ]
    return (
        Section("数据从哪里来", ("系统", "责任部门", "数据日期", "送达情况"), systems),
        Section("每一列是什么", ("数据项", "含义", "来源", "标准", "显示方式"), columns),
    )


def _shown(cut: Cut, column: str) -> str:
    masking = cut.access.maskings[column]
    if masking.words == HIDDEN.words:
        return "敏感信息，这份文件里不显示，格子是空的"
    return "" if masking.words == SHOWN.words else masking.words
