"""A task that goes down the tree (下达的任务): every community below `scope` has it once."""

from datetime import date

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Instruction(Body):
    """A later event with the same subject changes it; `is_withdrawn` takes it off every list."""

    instruction_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    title: str = Field(min_length=1, max_length=100)
    text: str = Field(default="", max_length=2000)
    scope: str = Field(pattern=r"^(\*|\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$")
    issued_by: str = Field(min_length=1, max_length=64)
    issued_date: date
    due_date: date
    item_id: str = Field(default="", pattern=r"^[a-z0-9_]*$", description="the service item it is about")
    is_withdrawn: bool = False

    @property
    def subject(self) -> str:
        """Return what the event is about: the instruction."""
        return self.instruction_id
