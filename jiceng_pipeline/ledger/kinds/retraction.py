"""A decision, move or freeze is taken back (撤回): from then on it is as if it had never been made."""

from typing import ClassVar

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Retraction(Body):
    """Names the event by its number. It is final: whoever was right after all decides again."""

    bears_on_data: ClassVar[bool] = True

    seq: int = Field(ge=1)
    reason: str = Field(min_length=1, max_length=500)

    @property
    def subject(self) -> str:
        """Return what the event is about: the number of the event taken back."""
        return str(self.seq)
