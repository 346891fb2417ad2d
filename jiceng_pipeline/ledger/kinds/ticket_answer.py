"""What an owner says to a ticket (问题单答复); it never closes one, only a later pull does."""

from typing import ClassVar, Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class TicketAnswer(Body):
    """`not_error` gives its basis in `text`. The text stays in the ledger: no table or report copies it."""

    bears_on_data: ClassVar[bool] = True

    ticket_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    verdict: Literal["corrected", "not_error", "not_found"]
    text: str = Field(min_length=1, max_length=500)

    @property
    def subject(self) -> str:
        """Return what the event is about: the ticket."""
        return self.ticket_id
