"""A person's word on whether two source records are the same (人工判定); it overrides every score."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from jiceng_pipeline.ledger.kind import Body

Verdict = Literal["same", "different", "unsure"]


class Decision(Body):
    """One judged pair, the smaller record_id first; a later event on the same pair replaces it.

    `seen` is, where nobody could tell, a keyed hash of what the two records said then: once one of them says
    something else, it is worth asking again.
    """

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "household", "enterprise"]
    record_id_a: str = Field(min_length=1, max_length=32)
    record_id_b: str = Field(min_length=1, max_length=32)
    verdict: Verdict
    reason: str = Field(min_length=1, max_length=500)
    seen: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _ordered(self) -> "Decision":
        if not self.record_id_a < self.record_id_b:
            raise ValueError("record_id_a 应小于 record_id_b")
        return self

    @property
    def subject(self) -> str:
        """Return what the event is about: the pair."""
        return f"{self.record_id_a}:{self.record_id_b}"

    @property
    def verdicts(self) -> Mapping[tuple[str, str], Verdict]:
        """Return what it says of which pair."""
        return {(self.record_id_a, self.record_id_b): self.verdict}
