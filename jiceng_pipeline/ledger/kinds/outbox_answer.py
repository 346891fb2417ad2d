"""What a department says to a value it was sent (回音): taken over, or refused and why."""

from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.ledger.kind import Body


class OutboxAnswer(Body):
    """The last answer to one outbox event counts; `outbox` is that event's subject."""

    outbox: str = Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*:\d+$", max_length=120)
    verdict: Literal["taken_over", "refused"]
    reason: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _reasoned(self) -> "OutboxAnswer":
        if self.verdict == "refused" and not self.reason.strip():
            raise ValueError("不采用要写明原因")
        return self

    @property
    def subject(self) -> str:
        """Return what the event is about: the value sent."""
        return self.outbox
