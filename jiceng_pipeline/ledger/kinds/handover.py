"""A case on its way between a community and departments (吹哨报到、交办事项): who has it, until when, what was said."""

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.ledger.kind import Body


class Handover(Body):
    """`holder` has it after this step: a community's code or a department's name. No personal value goes in `text`.

    `open` and `pass` set a new deadline; `answer` gives it back to who opened it, `close` is that one's word alone.
    """

    case_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    step: Literal["open", "pass", "answer", "close"]
    title: str = Field(min_length=1, max_length=100)
    opener: str = Field(min_length=1, max_length=60)
    holder: str = Field(min_length=1, max_length=60)
    community_code: str = Field(pattern=r"^\d{12}$")
    due_date: date | None = None
    text: str = Field(default="", max_length=1000)
    item_id: str = Field(default="", pattern=r"^[a-z0-9_]*$", description="the service item it is about")
    on_date: date

    @model_validator(mode="after")
    def _has_deadline(self) -> "Handover":
        if (self.step in {"open", "pass"}) != (self.due_date is not None):
            raise ValueError("交出去时要写期限，答复和办结时不写")
        return self

    @property
    def subject(self) -> str:
        """Return what the event is about: the case."""
        return self.case_id
