"""What a form is (表单): who asks for it, on what basis, of whom, and which data elements its columns are.

One YAML a form, found by scanning `definitions/<department>/`; the file's name is the form's id.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document, Misplaced
from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.register import Element

DEFINITIONS = Path(__file__).with_name("definitions")
_BRACKETS = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
_NOISE = re.compile(r"[\s*＊:：、，,.。/／\-—_]+")
_OURS = {"行标识", "序号", "核实情况"}  # columns that stand beside those of every form
_NUMBERS = {"integer", "decimal"}
PLACE = "community_code"  # the row set names the community of each row so

Period = Literal["monthly", "quarterly", "half_yearly", "yearly", "once"]
PERIODS: Mapping[Period, str] = {
    "monthly": "每月", "quarterly": "每季度", "half_yearly": "每半年", "yearly": "每年", "once": "一次性",
}  # fmt: skip
Entity = Literal["resident", "enterprise"]
Grain = Literal["resident", "household", "enterprise", "dwelling"]
GRAINS: Mapping[Grain, str] = {
    "resident": "每人一行", "household": "每户一行（以户主为准）", "enterprise": "每个市场主体一行",
    "dwelling": "每处房屋一行（以登记人为准）",
}  # fmt: skip
Reason = Literal["law", "definition", "presence"]
REASONS: Mapping[Reason, str] = {
    "law": "法律法规要求本人当次重新确认",
    "definition": "口径与已有数据不同",
    "presence": "须当面核验，旧值不能代替",
}


class Due(Document):
    """When it has to be back: that day of the month after the period, or so many days after it was handed out."""

    day: int | None = Field(default=None, ge=1, le=28, description="day of the month after the period has ended")
    within_days: int | None = Field(default=None, ge=1, le=366, description="days after it was handed out")

    @model_validator(mode="after")
    def _one(self) -> "Due":
        if (self.day is None) == (self.within_days is None):
            raise ValueError("day、within_days 须写其中一个")
        return self


class Rows(Document):
    """Who is in the form: a select with `community_code`, the key of the entity, and the columns it derives."""

    entity: Entity
    grain: Grain
    sql: str = Field(description="one select over governance, returned and standard tables of a published version")
    derives: tuple[str, ...] = Field(default=(), description="elements the select gives beside the key")

    @property
    def key(self) -> str:
        """Return the column of the select that names the entity."""
        return f"{self.entity}_id"


class Column(Document):
    """One column: a data element, under the words the department uses."""

    element: str
    title: str = ""
    asked: bool = Field(default=False, description="only a person who goes and looks can know it")
    reason: Reason | None = Field(default=None, description="why it is asked although somebody holds it fresh")
    required: bool = True

    @property
    def of(self) -> Element:
        """Return its data element."""
        return register.element(self.element)

    @property
    def heading(self) -> str:
        """Return what stands above it."""
        return self.title or self.of.title

    @property
    def is_fillable(self) -> bool:
        """Say whether a community may fill it where nothing is known."""
        return self.of.collection is not None


class Check(Document):
    """What a value typed into a column has to keep to; tried in the workbook and again when it comes back."""

    column: str
    at_least: int | None = None
    at_most: int | None = None
    not_after_today: bool = False
    words: str = Field(description="what is said to who typed something else, with an example of a right value")


class Template(Document):
    """The department's own workbook, which is filled as it is."""

    file: str = Field(pattern=r"^[^/\\]+\.xlsx$")
    first_row: int = Field(ge=2, description="first row of the body, counted from 1")
    body_rows: int = Field(ge=1, description="rows a page has; more people need more pages, each a sheet")
    number_column: str = Field(default="A", description="column of the serial number")
    columns: Mapping[str, str] = Field(description="element → letter of its column")
    place: str = Field(default="", description="cell for the name of the community")
    date: str = Field(default="", description="cell for the date of the data")


def plain(heading: str) -> str:
    """Return a heading without brackets, spaces and signs."""
    return _NOISE.sub("", _BRACKETS.sub("", heading)) or _NOISE.sub("", heading)


class Form(Document):
    """One form of one department."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,50}$")
    department: str
    title: str = Field(max_length=40)
    owner: str = Field(description="which office asks, to whom a question goes")
    purpose: str = Field(max_length=60, description="what it is for; the audit has it")
    legal_basis: str
    source: str = Field(default="", description="where a form like this is printed")
    version: int = 1
    period: Period
    due: Due
    audience: Literal["community", "township", "county"] = "community"
    rows: Rows
    columns: tuple[Column, ...] = Field(min_length=3)
    checks: tuple[Check, ...] = ()
    totals: tuple[str, ...] = Field(default=(), description="columns that are added up below")
    blank_rows: int = Field(default=5, ge=0, le=50, description="rows for people who are not in the list yet")
    template: Template | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Form":
        names = [each.element for each in self.columns]
        for number, each in enumerate(self.columns):
            known = register.elements()
            if each.element not in known:
                near = get_close_matches(each.element, known, n=1)
                hint = f"是不是 {near[0]}？" if near else "先在 standard/elements/ 中登记"
                raise Misplaced(f"没有数据元 {each.element}", "columns", str(number), "element", cure=hint)
            if names.index(each.element) != number:
                raise Misplaced(f"{each.element} 出现两次", "columns", str(number), "element", cure="只留一列")
            if each.asked and not each.is_fillable:
                what = f"{each.element} 没有声明 collection，社区不能填"
                raise Misplaced(what, "columns", str(number), "asked", cure="在数据元里声明 collection")
        self._readable()
        for part, named in (("totals", self.totals), ("checks", tuple(each.column for each in self.checks))):
            for name in named:
                if name not in names:
                    raise Misplaced(f"{name} 不是表里的列", part, cure=f"可用：{'、'.join(names)}")
        if not re.match(r"\s*(select|with)\b", self.rows.sql) or ";" in self.rows.sql:
            raise Misplaced("行集应是一条 select", "rows", "sql", cure="以 select 或 with 开头，不写分号")
        if self.template and (odd := set(self.template.columns) - set(names)):
            raise Misplaced(f"模板里的列不在表里：{'、'.join(sorted(odd))}", "template", "columns", cure="补上或删去")
        return self

    def _readable(self) -> None:
        """See that what comes back can be read: columns are found by their headings, and numbers can be compared."""
        headings = [plain(each.heading) for each in self.columns]
        for number, each in enumerate(self.columns):
            if headings[number] in _OURS or headings.index(headings[number]) != number:
                what = f"表头“{each.heading}”与另一列相同（不看括号和标点），收回来时分不清"
                raise Misplaced(what, "columns", str(number), "title", cure="写一个不同的 title，如 监护人电话")
            if each.is_fillable and self.rows.entity not in each.of.entities:
                what = f"{each.element} 不是这类对象的数据元"
                raise Misplaced(what, "columns", str(number), "element", cure=f"换成 {self.rows.entity} 的数据元")
        types = {each.element: each.of.type for each in self.columns}
        for number, check in enumerate(self.checks):
            is_bounded = check.at_least is not None or check.at_most is not None
            if is_bounded and types.get(check.column, "integer") not in _NUMBERS:
                what = f"{check.column} 不是数字，不能比大小"
                raise Misplaced(what, "checks", str(number), "column", cure="去掉 at_least、at_most")
            if check.not_after_today and types.get(check.column, "date") not in {"date", "timestamp"}:
                what = f"{check.column} 不是日期"
                raise Misplaced(what, "checks", str(number), "column", cure="去掉 not_after_today")
        for number, name in enumerate(self.totals):
            if types.get(name, "integer") not in _NUMBERS:
                raise Misplaced(f"{name} 不是数字，不能合计", "totals", str(number), cure="去掉这一项")

    @cached_property
    def dataset(self) -> Dataset:
        """Return the dataset that leave is asked for."""
        names = dict.fromkeys((PLACE, self.rows.key, *(each.element for each in self.columns)))
        return Dataset(f"form:{self.id}", self.title, self.purpose, tuple(names))

    @property
    def asked(self) -> tuple[Column, ...]:
        """Return the columns that a community fills because nobody else can know them."""
        return tuple(each for each in self.columns if each.asked)

    @property
    def template_file(self) -> Path | None:
        """Return the department's own workbook, beside the definition."""
        return DEFINITIONS / self.department / self.template.file if self.template else None


@cache
def forms(folder: Path = DEFINITIONS) -> Mapping[str, Form]:
    """Read every `<department>/<form>.yaml`, id → form; raise DefinitionError on a double or broken one."""
    found: dict[str, Form] = {}
    for path in documents.files(folder):
        form = read(path)
        if form.id in found:
            raise DefinitionError(f"表单 {form.id} 定义了两次", where=str(path), cure="文件名就是表单的编号，换一个")
        found[form.id] = form
    return found


def read(path: Path) -> Form:
    """Read one definition; its folder is the department, its name the id."""
    return documents.read(path, Form, id=path.stem, department=path.parent.name)


def find(wanted: str) -> Form:
    """Return the form of that id or title; raise UsageError with the nearest where there is none."""
    known = forms()
    for form in known.values():
        if wanted in {form.id, form.title}:
            return form
    near = get_close_matches(wanted, known, n=1, cutoff=0.4)
    hint = f"是不是 {near[0]}？" if near else ""
    raise UsageError("没有这张表", where=f"表单 {wanted}", cure=f"{hint}用 jiceng form list 看有哪些")
