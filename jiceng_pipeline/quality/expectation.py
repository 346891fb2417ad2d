"""What a rule can expect of a table: each kind as data, and the SQL that says which rows are good.

`good(source)` is a boolean SQL expression over one row of `source`, null where there is nothing to judge.
It feeds our own query for the failing keys, and great_expectations where that has no expectation of the kind.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.macro import literal

Column = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TableName = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z][a-z0-9_]*$")]
Bound = int | float | date


class NotNull(Document):
    """The column has a value."""

    kind: Literal["not_null"]
    column: Column

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row."""
        return f"{self.column} is not null"


class Unique(Document):
    """No other row has the same value in these columns; a row with a null among them is not judged."""

    kind: Literal["unique"]
    columns: tuple[Column, ...] = Field(min_length=1)

    def good(self, source: str) -> str:
        """Return the SQL that holds for a good row."""
        names = ", ".join(self.columns)
        filled = " and ".join(f"{name} is not null" for name in self.columns)
        doubled = f"select {names} from {source} as every where {filled} group by {names} having count(*) > 1"
        return f"not ({filled} and ({names}) in ({doubled}))"


class InSet(Document):
    """The value is one of a code set of the register, or one of `values`."""

    kind: Literal["in_set"]
    column: Column
    code_set: str | None = None
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> "InSet":
        if (self.code_set is None) == (not self.values):
            raise ValueError("code_set 与 values 必须且只能写一个")
        if self.code_set is not None and self.code_set not in code_sets():
            raise ValueError(f"没有代码集 {self.code_set}")
        return self

    @property
    def allowed(self) -> Sequence[str]:
        """Return the allowed values."""
        return self.values if self.code_set is None else tuple(code_sets()[self.code_set])

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row."""
        # a list is looked up; `in` compares every value with every allowed one in turn
        return f"list_contains([{', '.join(literal(value) for value in self.allowed)}], {self.column})"


class Between(Document):
    """The value lies between the two bounds, which count as inside."""

    kind: Literal["between"]
    column: Column
    minimum: Bound
    maximum: Bound

    @model_validator(mode="after")
    def _in_order(self) -> "Between":
        if isinstance(self.minimum, date) != isinstance(self.maximum, date):
            raise ValueError("minimum 与 maximum 要么都是日期，要么都是数")
        if self.minimum > self.maximum:  # type: ignore[operator]
            raise ValueError("minimum 比 maximum 大")
        return self

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row."""
        return f"{self.column} between {_constant(self.minimum)} and {_constant(self.maximum)}"


class NotBefore(Document):
    """`column` is at least `other`; a row that lacks one of the two is not judged."""

    kind: Literal["not_before"]
    column: Column
    other: Column

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row."""
        return f"{self.column} >= {self.other}"


class Equal(Document):
    """`column` equals `other`; a row that lacks one of the two is not judged."""

    kind: Literal["equal"]
    column: Column
    other: Column

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row."""
        return f"{self.column} = {self.other}"


class Matches(Document):
    """The whole text has the form of a regular expression."""

    kind: Literal["matches"]
    column: Column
    regex: str

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row."""
        return f"regexp_matches({self.column}, {literal(f'^({self.regex})$')})"


class References(Document):
    """The value is there as `to` in another table; a null is not judged."""

    kind: Literal["references"]
    column: Column
    table: TableName
    to: Column

    def good(self, _: str) -> str:
        """Return the SQL that holds for a good row; a null among the targets must not hide a miss."""
        return f"{self.column} in (select known.{self.to} from {self.table} as known where known.{self.to} is not null)"


class RowCount(Document):
    """The table as a whole has so many rows; no single row fails."""

    kind: Literal["row_count"]
    minimum: int = 0
    maximum: int | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "RowCount":
        if self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum 比 maximum 大")
        return self

    def holds(self, rows: int) -> bool:
        """Return whether so many rows are allowed."""
        return self.minimum <= rows and (self.maximum is None or rows <= self.maximum)


RowExpectation = NotNull | Unique | InSet | Between | NotBefore | Equal | Matches | References
Expectation = Annotated[RowExpectation | RowCount, Field(discriminator="kind")]


def _constant(value: Bound) -> str:
    return f"date '{value}'" if isinstance(value, date) else str(value)
