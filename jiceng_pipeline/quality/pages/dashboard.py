"""总览 (dashboard): rows, quarantine, conflicts, tickets and freshness over the last syncs, on one page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jiceng_pipeline.ledger.kinds.inspection import Figures, Inspection
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.pages import document, plot, words
from jiceng_pipeline.quality.pages.plot import Values


@dataclass(frozen=True)
class Plot:
    """One plot of the dashboard: its title, what it says, and its series over the days."""

    title: str
    says: str
    series: dict[str, Values]


def page(days: Sequence[Inspection]) -> str:
    """Return the dashboard over the last inspections."""
    return document.page(
        "数据质量总览", _parts(days[-history.SHOWN_SYNCS :]), links=(("rules/index.html", "全部规则"),)
    )


def plots(shown: Sequence[Inspection]) -> list[Plot]:
    """Return the plots over these inspections."""
    rows = [sum(told.rows for told in each.systems.values()) for each in shown]
    cells = [sum(sum(told.quarantine.values()) for told in each.systems.values()) for each in shown]
    conflicts = [each.conflicts for each in shown]
    still_open = [sum(told.open for told in each.tickets.values()) for each in shown]
    overdue = [sum(told.overdue for told in each.tickets.values()) for each in shown]
    failed = [sum(not verdict.passed for verdict in each.checks.values()) for each in shown]
    late = [sum(words.is_late(name, told, each.day) for name, told in each.systems.items()) for each in shown]
    return [
        Plot("现用行数", words.says(rows, "行"), {"行数": rows}),
        Plot("隔离的行和单元格", words.says(cells, "处"), {"隔离": cells}),
        Plot("各部门说法不一的格", words.says(conflicts, "格"), {"不一致": conflicts}),
        Plot("问题单", words.says(still_open, "张"), {"未办结": still_open, "其中超期": overdue}),
        Plot("没有通过的规则", words.says(failed, "条"), {"没有通过": failed}),
        Plot("数据过期的系统", words.says(late, "个"), {"过期": late}),
    ]


def _parts(shown: Sequence[Inspection]) -> Iterator[str]:
    if not shown:
        yield document.paragraph("还没有同步过。")
        return
    last = shown[-1]
    yield document.paragraph(f"截至 {last.day}，最近 {len(shown)} 次同步。")
    yield document.cards(
        [
            ("人员", last.entities.get("resident", 0)),
            ("户", last.entities.get("household", 0)),
            ("市场主体", last.entities.get("enterprise", 0)),
            *((each.title, each.series[name][-1]) for each in plots(shown)[1:] for name in [next(iter(each.series))]),
        ]
    )
    yield document.heading("各系统现在怎样")
    yield document.table(
        "部门系统",
        ("系统", "最近一次", "数据日期", "行", "隔离", "未办结", "超期"),
        [_row(name, told, last) for name, told in sorted(last.systems.items())],
    )
    labels = [words.day(each.day) for each in shown]
    for each in plots(shown):
        yield document.heading(each.title)
        yield plot.lines(each.title, each.says, labels, each.series)


def _row(name: str, told: Figures, last: Inspection) -> Sequence[object]:
    standing = last.tickets.get(name)
    when = f"{told.snapshot_date}" if told.snapshot_date else "从未送达"
    return (
        words.system(name),
        words.STATUS.get(told.status, told.status),
        f"{when}，过期" if words.is_late(name, told, last.day) else when,
        told.rows,
        sum(told.quarantine.values()),
        standing.open if standing else 0,
        standing.overdue if standing else 0,
    )
