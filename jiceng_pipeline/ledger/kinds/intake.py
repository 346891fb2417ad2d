"""What a community collected, or looked at and found right (采集): one value of one cell."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Intake(Body):
    """A build reads it as the system community/collection: the last word on a cell, by collected_date, counts.

    `value` is the standard value as text (a date 1950-01-01, a code of its code set). `record_id` is a record
    of the person or enterprise: it leads to the entity also after that has merged into another. Where nobody
    holds them yet, `is_new` is true and `record_id` names the record that is founded so; `entity_id` is then
    the name that record gives, and the identifying elements come in intakes of their own. `base_version` is
    the version that was seen; `source` is `form:<id>`, `portal` and the like.
    """

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "enterprise"]
    entity_id: str = Field(pattern=r"^[0-9a-f]{8,64}$")
    element_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    value: str = Field(min_length=1, max_length=500)
    community_code: str = Field(pattern=r"^\d{12}$")
    collected_date: date
    source: str = Field(pattern=r"^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$", max_length=80)
    kind: Literal["collected", "verified"] = "collected"
    base_version: str | None = Field(default=None, max_length=80)
    record_id: str | None = Field(default=None, max_length=32)
    is_new: bool = False

    @property
    def subject(self) -> str:
        """Return what the event is about: the cell."""
        return f"{self.entity}:{self.entity_id}:{self.element_id}"
