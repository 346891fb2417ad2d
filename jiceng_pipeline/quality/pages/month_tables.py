"""The tables of a monthly report, as the page and the workbook both show them, and what its reader should do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from jiceng_pipeline.departments.contract import RHYTHM_DAYS
from jiceng_pipeline.quality.pages import words
from jiceng_pipeline.quality.pages.month import Month
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.quality.tickets import ANSWERS, STATES, WORKING_DAYS_TO_ANSWER

Cell = str | int | None
_LISTED = 500


@dataclass(frozen=True)
class Sheet:
    """One table: its title, its columns and its rows; `empty` is said where there are none."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = "没有"


def facts(month: Month) -> list[tuple[str, Cell]]:
    """Return the few numbers a reader wants first."""
    delivered = [told for told in month.pulls.values() if told.status != "failed"]
    now = month.now
    return [
        ("送达天数", len(delivered)),
        ("没有送达的天数", len(month.pulls) - len(delivered)),
        ("现用数据日期", f"{now.snapshot_date}" if now and now.snapshot_date else "从未送达"),
        ("现用行数", now.rows if now else 0),
        ("隔离的行", now.rows_quarantined if now else 0),
        ("隔离的单元格", _cells(month)),
        ("未办结问题单", len(month.standing)),
        ("其中超期", len(month.overdue)),
    ]


def sheets(month: Month) -> list[Sheet]:
    """Return every table of the report."""
    return [
        Sheet(
            "每天送数",
            ("日期", "结果", "来的行", "收下的行", "读不出的行", "说明"),
            list(_deliveries(month)),
            "本月没有拉取过",
        ),
        Sheet("隔离的内容", ("列", "月初", "月末"), list(_quarantine(month)), "没有隔离的内容"),
        Sheet("没有通过的规则", ("规则", "月初", "月末", "变化"), list(_rules(month)), "没有不合规则的记录"),
        Sheet(
            "问题单办理",
            ("项目", "张次"),
            [
                ("本月开出", month.turns.opened),
                ("本月答复", month.turns.answered),
                ("本月核验办结", month.turns.closed),
                ("本月重新打开", month.turns.reopened),
                ("月末未办结", len(month.standing)),
                ("月末超期", len(month.overdue)),
            ],
        ),
        Sheet(
            "未办结的问题单",
            ("编号", "状态", "期限", "件数", "原因", "文件", "行", "列", "记录标识"),
            list(_standing(month)),
            "没有未办结的问题单",
        ),
    ]


def to_do(month: Month) -> list[str]:
    """Return what the department should do now, the most pressing first."""
    last = month.last_pull
    told = []
    if last is None:
        told.append("本月一次也没有拉取过：请确认接口地址或导出文件夹，并与运行方约定送数时间")
    elif last.status == "failed":
        error = last.error or {}
        told.append(f"最近一次没有送达：{error.get('what', '')}（{error.get('where', '')}）。{error.get('cure', '')}")
    now = month.now
    age = (month.last - now.snapshot_date).days if now and now.snapshot_date else 0
    if age > 2 * RHYTHM_DAYS[month.contract.rhythm]:
        told.append(
            f"内容已 {age} 天没有变过，约定{words.RHYTHM[month.contract.rhythm]}更新："
            "确实没有变化的不用管，否则请检查导出"
        )
    if month.overdue:
        told.append(f"有 {len(month.overdue)} 张问题单超过期限：请先办理这些")
    waiting = [each for each in month.standing if each["state"] in {"open", "reopened"}]
    if waiting:
        told.append(
            f"有 {len(waiting)} 张问题单待办：在源系统改正后照常送数即可，核验通过自动办结；"
            f"认为不是错误的，在 {WORKING_DAYS_TO_ANSWER} 个工作日内写明依据答复"
        )
    if systemic := [each for each in waiting if each["is_systemic"] and each["kind"] != "delivery"]:
        told.append(f"其中 {len(systemic)} 张是成批的问题：多半是导出程序或代码对照的原因，请先查这些")
    return told or ["没有要办的事，谢谢"]


def _cells(month: Month) -> int:
    return sum(count for column, count in (month.now.quarantine if month.now else {}).items() if column)


def _deliveries(month: Month) -> Iterator[Sequence[Cell]]:
    day = month.first
    while day <= month.last:
        told = month.pulls.get(day)
        if told is not None:
            error = told.error or {}
            reason = "；".join(part for part in (error.get("where"), error.get("what"), error.get("cure")) if part)
            yield (
                day.isoformat(), words.STATUS[told.status], told.rows_in, told.rows_accepted, told.rows_rejected, reason
            )  # fmt: skip
        day += timedelta(days=1)


def _quarantine(month: Month) -> Iterator[Sequence[Cell]]:
    if not month.figures:
        return
    before, now = month.figures[0][1].quarantine, month.figures[-1][1].quarantine
    for column in sorted({*before, *now}, key=lambda each: (-now.get(each, 0), each)):
        yield column or "（整行读不出）", before.get(column, 0), now.get(column, 0)


def _rules(month: Month) -> Iterator[Sequence[Cell]]:
    for rule, counts in sorted(month.failing.items(), key=lambda each: (-each[1][-1], each[0])):
        title = rules()[rule].title if rule in rules() else rule
        yield title, counts[0], counts[-1], counts[-1] - counts[0]


def _standing(month: Month) -> Iterator[Sequence[Cell]]:
    for each in month.standing[:_LISTED]:
        state = STATES[each["state"]] + (f"：{ANSWERS[each['answer']]}" if each["answer"] else "")
        yield (
            each["ticket_id"],
            state + ("，超期" if each in month.overdue else ""),
            each["due_date"].isoformat(),
            each["count"],
            each["reason"],
            each["file"],
            each["row"],
            each["column"],
            each["record_id"] or "、".join((each["example_keys"] or ())[:3]),
        )
