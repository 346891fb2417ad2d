"""How a system delivers, everything or what changed, and what its contract expects of a delivery."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core.documents import Document

# Kinds of connector that can be asked for what changed → the options each needs to be asked so.
ASKING = {"http_json": ("since",), "sql": ()}


class Full(Document):
    """Every delivery is the whole list: a record that is not in it has ended."""

    kind: Literal["full"] = "full"


class Deleted(Document):
    """How a row says that its record has ended. The column is in neither `columns` nor `ignored`."""

    column: str = Field(min_length=1, description="column; an HTTP interface may leave it out")
    value: str = Field(min_length=1, description="text it then holds")


class Incremental(Document):
    """A delivery is what changed: rows whose cursor is not below the highest taken so far.

    Cursors are text and compared as text, so they have to sort as they grow: ISO instants do.
    """

    kind: Literal["incremental"]
    cursor: str = Field(min_length=1, description="column that grows with every change of a row")
    deleted: Deleted | None = Field(None, description="without it only the sweep sees that a record has ended")
    sweep_days: int = Field(7, ge=1, le=366, description="days after which everything is asked for again")


Delivery = Annotated[Full | Incremental, Field(discriminator="kind")]


class Within(Document):
    """Where the rows of a delivery lie."""

    column: str = Field(min_length=1, description="a column of communities")
    division: str = Field("", pattern=r"^(\d{2,12})?$", description="code or its beginning; empty: the jurisdiction")
    elsewhere: float = Field(0.5, ge=0, lt=1, description="share of the filled-in values that may lie elsewhere")


class Period(Document):
    """What tells the day or month a delivery is of."""

    told_by: Literal["file_name", "header", "column"]
    column: str = Field("", description="the column that says it in every row")

    @model_validator(mode="after")
    def _consistent(self) -> "Period":
        if bool(self.column) != (self.told_by == "column"):
            raise ValueError("told_by 写 column 时要写 column 列名，否则不写")
        return self


class Expect(Document):
    """What must be true of a delivery to be believed."""

    within: Within | None = None
    period: Period | None = None
