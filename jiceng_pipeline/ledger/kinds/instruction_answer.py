"""What a community says to a task it was given (任务办理结果)."""

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.ledger.kind import Body


class InstructionAnswer(Body):
    """The last answer of a community counts; `cannot` says why."""

    instruction_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    community_code: str = Field(pattern=r"^\d{12}$")
    verdict: Literal["done", "cannot"]
    text: str = Field(default="", max_length=1000)
    answered_date: date

    @model_validator(mode="after")
    def _reasoned(self) -> "InstructionAnswer":
        if self.verdict == "cannot" and not self.text.strip():
            raise ValueError("办不了要写明原因")
        return self

    @property
    def subject(self) -> str:
        """Return what the event is about: the instruction in this community."""
        return f"{self.instruction_id}/{self.community_code}"
