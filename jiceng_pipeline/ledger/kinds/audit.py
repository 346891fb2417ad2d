"""What somebody did or tried to do (审计): written before data is read, and once more when it was handed out."""

from datetime import date
from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body
from jiceng_pipeline.ledger.kinds.grant import Profile

Outcome = Literal["granted", "denied", "served", "failed"]
Channel = Literal["page", "download", "api", "cli", "query", "delivery"]


class Audit(Body):
    """One act: leave asked for (`granted`, `denied`), or what came of leave that was given (`served`, `failed`).

    `dataset` is what was asked for, `act:<name>` for what is no reading; `scope` the division. `lacking` says, where
    denied, what nothing covers. What was served names its leave in `leave`; `shown` are surrogate keys of the few
    entities that were on a page. `term` is a keyed hash of what was searched for. No value of a person is ever here.
    """

    action: str = Field(min_length=1, max_length=40)
    dataset: str = Field(min_length=1, max_length=100)
    scope: str = Field(min_length=1, max_length=12)
    profile: Profile | None = None
    purpose: str | None = Field(default=None, max_length=200)
    outcome: Outcome
    lacking: str | None = None
    grant: str | None = Field(default=None, description="subject of the grant or post that covers it")
    version: str | None = Field(default=None, description="published version the data comes from")
    channel: Channel | None = None
    as_of: date | None = Field(default=None, description="business date of that version")
    entity: str | None = Field(default=None, max_length=20)
    entity_id: str | None = Field(default=None, pattern=r"^[0-9A-Za-z_-]{1,64}$")
    system: str | None = Field(default=None, max_length=80)
    term: str | None = Field(default=None, pattern=r"^[0-9a-f]{16,64}$")
    rows: int | None = Field(default=None, ge=0)
    shown: tuple[str, ...] | None = None
    leave: int | None = Field(default=None, description="number of the event that granted what was served")

    @property
    def subject(self) -> str:
        """Return what the event is about: one entity, or the dataset and the division."""
        if self.entity and self.entity_id:
            return f"{self.entity}:{self.entity_id}"
        return f"{self.dataset}/{self.scope}"
