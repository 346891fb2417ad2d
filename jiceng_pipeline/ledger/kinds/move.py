"""A person's word that one record lies with the wrong object, and with which it belongs (移动一条记录)."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from jiceng_pipeline.ledger.kind import Body
from jiceng_pipeline.ledger.kinds.decision import Verdict


class Move(Body):
    """One act that says two things: the record is not that of `from_record_id`, it is that of `to_record_id`."""

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "household", "enterprise"]
    record_id: str = Field(min_length=1, max_length=32)
    from_record_id: str = Field(min_length=1, max_length=32)
    to_record_id: str = Field(min_length=1, max_length=32)
    reason: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _three_records(self) -> "Move":
        if len({self.record_id, self.from_record_id, self.to_record_id}) < 3:
            raise ValueError("应是三条不同的记录")
        return self

    @property
    def subject(self) -> str:
        """Return what the event is about: the record and its two neighbours."""
        return f"{self.record_id}:{self.from_record_id}:{self.to_record_id}"

    @property
    def verdicts(self) -> Mapping[tuple[str, str], Verdict]:
        """Return what it says of which pair, the smaller record_id first."""
        said: tuple[tuple[str, Verdict], ...] = ((self.from_record_id, "different"), (self.to_record_id, "same"))
        return {(min(self.record_id, other), max(self.record_id, other)): verdict for other, verdict in said}
