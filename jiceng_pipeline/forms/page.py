"""A prefilled form as data: what a workbook, a department's template and a page on the screen all show."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.forms import whence
from jiceng_pipeline.forms.definition import PERIODS, Column, Form, Period
from jiceng_pipeline.forms.rows import Row
from jiceng_pipeline.forms.sheet_key import text_of
from jiceng_pipeline.returns.access import Access
from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.warehouse.publish import Version

_MONTHS: Mapping[Period, int] = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12, "once": 1}
_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')


@dataclass(frozen=True)
class Field:
    """One cell for a page: what it shows, its state (k known, v to verify, f to fill, n nothing), whence and when."""

    column: Column
    value: str
    state: str
    source: str
    doubt: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One form of one community. `rows` come masked as `access` says."""

    form: Form
    community: Place
    rows: tuple[Row, ...]
    access: Access
    version: Version
    as_of: str

    @cached_property
    def made(self) -> datetime:
        """Return when it was handed out, local time."""
        return datetime.fromisoformat(self.access.at).astimezone(LOCAL)

    @property
    def period(self) -> str:
        """Return the period it is of, in words: 2026年第四季度."""
        day = self.made.date()
        if self.form.period == "monthly":
            return f"{day.year}年{day.month}月"
        if self.form.period == "quarterly":
            return f"{day.year}年第{'一二三四'[(day.month - 1) // 3]}季度"
        if self.form.period == "half_yearly":
            return f"{day.year}年{'上' if day.month <= 6 else '下'}半年"
        return f"{day.year}年"

    @property
    def due(self) -> date:
        """Return the day on which it has to be back."""
        return due(self.form, self.made.date())

    @property
    def file_name(self) -> str:
        """Return `<社区>_<表名>_<期>_v<版本>.xlsx`; a masked one says so."""
        masked = "" if self.access.profile == "full" else "_已遮盖"
        parts = (self.community.name, self.form.title, self.period, f"v{self.version.short_name}{masked}")
        return "_".join(_UNSAFE.sub("_", part) for part in parts) + ".xlsx"

    @property
    def watermark(self) -> str:
        """Return the line that says whose copy this is."""
        return (
            f"单位：{self.community.full_name} · 账号：{self.access.actor[:40]}"
            f" · 时间：{self.made:%Y-%m-%d %H:%M} · 回执号：{self.access.receipt}"
        )

    @property
    def facts(self) -> Mapping[str, str]:
        """Return what the form says of itself, label → text."""
        return {
            "表名": self.form.title,
            "要表单位": self.form.owner,
            "依据": self.form.legal_basis,
            "用途": self.form.purpose,
            "填报单位": f"{self.community.full_name}（{self.community.code}）",
            "填报期": f"{self.period}（{PERIODS[self.form.period]}）",
            "报送截止": self.due.isoformat(),
            "数据截至": self.as_of,
            "版本": self.version.name,
            "回执号": self.access.receipt,
        }

    def fields(self, row: Row) -> tuple[Field, ...]:
        """Return the cells of one row, each with its source and date."""
        said = whence.by_heading(row.sources)
        return tuple(
            Field(
                column,
                text_of(cell),
                state,
                said.get(column.heading, "") if cell is not None else "",
                row.doubts.get(column.element, ""),
                choices(column),
            )
            for column, cell, state in zip(self.form.columns, row.cells, row.states, strict=True)
        )


def choices(column: Column) -> tuple[str, ...]:
    """Return the words one may choose from in a column; none where anything may be written."""
    if column.of.type == "boolean":
        return ("是", "否")
    return tuple(code_sets()[column.of.code_set].values()) if column.of.code_set else ()


def due(form: Form, day: date) -> date:
    """Return when a form handed out on `day` has to be back."""
    if form.due.within_days is not None:
        return day + timedelta(days=form.due.within_days)
    months = _MONTHS[form.period]
    last = -(-day.month // months) * months  # of the period
    return date(day.year + last // 12, last % 12 + 1, form.due.day or 1)
