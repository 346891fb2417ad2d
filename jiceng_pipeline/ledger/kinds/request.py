"""A wish for data that somebody else keeps (共享申请): what, whose, what for, until when."""

from datetime import date
from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body
from jiceng_pipeline.ledger.kinds.grant import Everything


class Request(Body):
    """Its course are the `request_step` events on the same subject. `wanted` says what is not catalogued yet."""

    request_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    applicant: str = Field(min_length=1, max_length=64)
    dataset: str = Field(min_length=1, max_length=60)
    elements: tuple[str, ...] | Everything = "*"
    scope: str = Field(pattern=r"^(\*|\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$")
    profile: Literal["check", "full", "posted", "statistics"] = "check"
    purpose: str = Field(min_length=1, max_length=200)
    legal_basis: str = Field(min_length=1, max_length=300)
    until: date
    is_catalogued: bool = True
    owners: tuple[str, ...] = Field(default=(), description="departments that have to answer")

    @property
    def subject(self) -> str:
        """Return what the event is about: the request."""
        return self.request_id
