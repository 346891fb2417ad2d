"""A person's word that one value stands, whatever systems say, until that is taken back (固定一个值)."""

from typing import ClassVar, Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Freeze(Body):
    """One cell, named by a record of its person or enterprise, so that it follows that record wherever it goes.

    `value` is the standard value as text (a date 1950-01-01, a code of its code set); None denies what systems say:
    nothing stands there. A later freeze of the same cell replaces this one.
    """

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "enterprise"]
    record_id: str = Field(min_length=1, max_length=32)
    element_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    value: str | None = Field(min_length=1, max_length=500)
    reason: str = Field(min_length=1, max_length=500)

    @property
    def subject(self) -> str:
        """Return what the event is about: the cell."""
        return f"{self.entity}:{self.record_id}:{self.element_id}"
