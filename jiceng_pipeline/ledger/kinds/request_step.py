"""One step in the course of a request for data (申请办理): checked, answered, withdrawn, revoked."""

from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.ledger.kind import Body


class RequestStep(Body):
    """Whoever says no says why. `department` is the owner that answers; `grant` is what an approval gave."""

    request_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    step: Literal["check", "answer", "withdraw", "revoke"]
    agrees: bool
    reason: str = Field(default="", max_length=500)
    department: str | None = Field(default=None, max_length=60)
    grant: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _reasoned(self) -> "RequestStep":
        if not self.agrees and not self.reason.strip():
            raise ValueError("不同意要写明理由")
        return self

    @property
    def subject(self) -> str:
        """Return what the event is about: the request."""
        return self.request_id
