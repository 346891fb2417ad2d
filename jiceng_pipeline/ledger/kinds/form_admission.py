"""Whether a form may be sent to communities (清单准入): on the list of a year, or for once, until when, and why."""

from datetime import date
from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class FormAdmission(Body):
    """A later event on the same form replaces it. `until` is the last day on which it may be sent."""

    form: str = Field(pattern=r"^[a-z][a-z0-9_]{2,50}$")
    form_version: int = Field(ge=1)
    department: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=60)
    verdict: Literal["admitted", "refused", "withdrawn"]
    list: Literal["yearly", "one_off"]
    until: date
    reason: str = Field(default="", max_length=500, description="why for once, why refused, why taken off the list")

    @property
    def subject(self) -> str:
        """Return what the event is about: the form."""
        return self.form
