"""A form that came back from a community (回收): which file, and what became of its cells, in numbers."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Submission(Body):
    """The same file read again is another event with the same `content`. Values are intakes, not here.

    `level` is who sent it: a community its own, a township what it gathered of its villages (`parts`: the
    receipts gathered). `period_date` is a day of the period that it is of: that on which the form was handed out.
    """

    form: str = Field(pattern=r"^[a-z][a-z0-9_]{2,50}$")
    form_version: int = Field(ge=1)
    scope: str = Field(pattern=r"^(\d{9}|\d{12})$")
    level: Literal["community", "township"] = "community"
    version: str = Field(max_length=80)
    content: str = Field(pattern=r"^[0-9a-f]{64}$")
    rows: int = Field(ge=0)
    counts: Mapping[str, int]
    parts: tuple[str, ...] = ()
    period_date: date | None = None

    @property
    def subject(self) -> str:
        """Return what the event is about: this form of this place."""
        return f"{self.form}:{self.scope}"
