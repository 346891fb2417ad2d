"""What somebody did or tried to do with data (审计), written before the data is read."""

from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body
from jiceng_pipeline.ledger.kinds.grant import Profile


class Audit(Body):
    """`scope` is the division asked for; `lacking` says, where denied, what no grant covers."""

    action: str = Field(min_length=1, max_length=40)
    dataset: str = Field(min_length=1, max_length=60)
    scope: str = Field(min_length=1, max_length=12)
    profile: Profile
    purpose: str | None = Field(default=None, max_length=200)
    outcome: Literal["granted", "denied"]
    lacking: str | None = None
    grant: str | None = Field(default=None, description="subject of the grant that covers it")
    version: str | None = Field(default=None, description="published version the data comes from")

    @property
    def subject(self) -> str:
        """Return what the event is about: the dataset and the division."""
        return f"{self.dataset}/{self.scope}"
