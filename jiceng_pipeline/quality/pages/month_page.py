"""The monthly report as a page that can be printed."""

from collections.abc import Iterator

from jiceng_pipeline.quality.pages import document, month_tables, plot, words
from jiceng_pipeline.quality.pages.month import Month


def page(month: Month) -> str:
    """Return the whole report."""
    return document.page(month.title, _parts(month))


def _parts(month: Month) -> Iterator[str]:
    contract = month.contract
    yield document.paragraph(
        f"责任单位：{contract.owner.name}。系统：{contract.name}。{month.first} 至 {month.last}。"
        f"约定{words.RHYTHM[contract.rhythm]}更新。"
    )
    yield document.cards(month_tables.facts(month))
    yield document.heading("要做的事")
    yield document.bullets(month_tables.to_do(month))
    yield document.heading("数据量")
    labels = [words.day(day) for day, _ in month.figures]
    rows = [told.rows for _, told in month.figures]
    yield plot.lines("现用行数", words.says(rows, "行"), labels, {"行数": rows})
    held = [sum(told.quarantine.values()) for _, told in month.figures]
    yield plot.lines("隔离的行和单元格", words.says(held, "处"), labels, {"隔离": held})
    yield document.heading("不合规则的记录")
    failing = list(month.failing.values())
    total = [sum(counts[place] for counts in failing) for place in range(len(month.days))] if failing else []
    days = [words.day(told.day) for told in month.days] if failing else []
    yield plot.lines("不合规则的行数合计", words.says(total, "行"), days, {"不合的行": total})
    for sheet in month_tables.sheets(month):
        yield document.heading(sheet.title)
        yield document.table(sheet.title, sheet.head, sheet.rows, empty=sheet.empty)
    yield document.paragraph(
        "报告只写数目、位置和记录标识，不写任何人的信息；用记录标识可在本系统中找到那条记录。", kind="note"
    )
