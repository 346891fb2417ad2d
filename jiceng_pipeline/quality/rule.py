"""Rules (质量规则): one YAML a rule, found by scanning `rules/`; the file's name is the rule's id.

A rule says what holds of every good row, how bad it is where it does not, and whose it is to mend.
`block` is for what our own work got wrong or what makes a version useless; a department's bad data is
`warn` and a ticket, for it must not keep the others' good data from being published; `info` is counted only.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.quality.expectation import Expectation, Matches, References, RowCount, TableName, Unique
from jiceng_pipeline.standard import register

RULES = Path(__file__).with_name("rules")
GOVERNANCE = "governance"  # the owner of what no department got wrong
BY_ROW = "system"  # the owner is the system named in the row

Layer = Literal["landing", "standard", "governance", "returned"]
Severity = Literal["info", "warn", "block"]
# What may name a failing record outside the database: keyed hashes, names of places, systems and figures, never a
# value of a person.
Key = Literal[
    "record_id", "resident_id", "household_id", "enterprise_id", "address_id", "entity_id", "equipment_id", "case_id",
    "grid_id", "service_point_id", "system", "figure",
]  # fmt: skip

_READ = re.compile(r"\b(?:from|join)\s+([a-z]+\.[a-z][a-z0-9_]*)")
_BUSINESS_DATE = re.compile(r":business_date\b")


class Tolerance(Document):
    """How much may fail before the rule does: a share of the rows, or a number of them."""

    max_share: float = Field(default=0, ge=0, lt=1)
    max_count: int = Field(default=0, ge=0)

    def covers(self, failed: int, total: int) -> bool:
        """Return whether so many failures of so many rows still pass."""
        return failed <= max(self.max_count, self.max_share * total)


class Rule(Document):
    """One rule. Exactly one of `expectation` and `predicate` says what a good row is.

    `predicate` is portable SQL over one row of `table`, null where there is nothing to judge; it and
    `where` (the rows looked at) may use `:business_date`. `owner` is `system` (the row's column of that
    name), `governance`, or one `department/system`. `ticket: false` where another ticket says it already.
    """

    id: str
    title: str = Field(min_length=1)
    meaning: str = Field(min_length=1)
    layer: Layer
    table: TableName
    element: str | None = None
    key: Key | None = None
    severity: Severity
    expectation: Expectation | None = None
    predicate: str | None = None
    where: str | None = None
    tolerance: Tolerance = Tolerance()
    owner: str
    ticket: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> "Rule":
        if (self.expectation is None) == (self.predicate is None):
            raise ValueError("expectation 与 predicate 必须且只能写一个")
        if (self.key is None) != isinstance(self.expectation, RowCount):
            raise ValueError("逐行的规则要写 key（出错的行叫什么），整表的规则没有 key")
        if self.where is not None and ":" in _BUSINESS_DATE.sub("", self.where):
            # great_expectations hands it to SQLAlchemy as text, where a colon starts a parameter
            raise ValueError("where 里除 :business_date 外不能有冒号，请改写，或写进 predicate")
        if self.element is not None and self.element not in register.elements():
            raise ValueError(f"没有数据元 {self.element}")
        if self.owner not in {GOVERNANCE, BY_ROW, *contracts()}:
            raise ValueError(f"owner 应是 {BY_ROW}、{GOVERNANCE} 或已登记的 部门/系统")
        if self.owner == BY_ROW and self.key is None:
            raise ValueError("整表的规则要写明是谁的")
        return self

    @property
    def blocks(self) -> bool:
        """Return whether a failure stops the publish."""
        return self.severity == "block"

    @property
    def is_counted_once(self) -> bool:
        """Whether great_expectations has no expectation of its own for it, and counts by the same SQL as we do."""
        return self.predicate is not None or isinstance(self.expectation, Unique | Matches | References)

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables the rule reads, its own first."""
        other = [self.expectation.table] if isinstance(self.expectation, References) else []
        return tuple(dict.fromkeys([self.table, *other, *_READ.findall(self.predicate or "")]))

    def source(self, day: date) -> str:
        """Return the rows looked at, as a sub-query."""
        where = f" where {_on(day, self.where)}" if self.where else ""
        return f"(select * from {self.table}{where})"

    def good(self, day: date) -> str:
        """Return the SQL that holds for a good row of `source`."""
        if self.predicate is not None:
            return f"({_on(day, self.predicate)})"
        if self.expectation is None or isinstance(self.expectation, RowCount):
            raise ValueError(f"{self.id} judges the table, not its rows")
        return self.expectation.good(self.source(day))

    @property
    def owner_sql(self) -> str:
        """Return the SQL for the system that owns a failing row."""
        return f"coalesce({BY_ROW}, '{GOVERNANCE}')" if self.owner == BY_ROW else f"'{self.owner}'"


@cache
def rules(folder: Path = RULES) -> Mapping[str, Rule]:
    """Read every rule below `folder`, keyed and ordered by id; raise DefinitionError on a broken one."""
    return {path.stem: documents.read(path, Rule, id=path.stem) for path in documents.files(folder)}


def _on(day: date, sql: str) -> str:
    return _BUSINESS_DATE.sub(f"date '{day}'", sql.strip())
