"""A collected value on its way to one department that holds the element (待送出)."""

from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Outbox(Body):
    """One intake, one receiving system. Deliveries and answers name it by its subject.

    The value itself is in the intake with this number; it is never copied. `ground` is why the system
    may have it: `unconditional` where what it holds is shared without condition, else the subject of its grant.
    """

    intake_seq: int = Field(ge=1)
    system: str = Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$", max_length=80)
    entity: Literal["resident", "enterprise"]
    entity_id: str = Field(pattern=r"^[0-9a-f]{8,64}$")
    element_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    community_code: str = Field(pattern=r"^\d{12}$")
    ground: str = Field(min_length=1, max_length=64)

    @property
    def subject(self) -> str:
        """Return what the event is about: this value for this system."""
        return f"{self.system}:{self.intake_seq}"
