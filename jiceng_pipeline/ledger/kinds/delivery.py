"""A numbered batch that was handed over, or could not be (交付回执)."""

from typing import Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Delivery(Body):
    """What was in it stands here, the values do not. `hash` covers the batch and, through `previous_hash`, all before.

    `parked`: the receiver refuses it, somebody has to look; the batches behind it wait. `resumed`: somebody did.
    `access` is the receipt of the leave under which the rows were read, `grant` what it rests on.
    """

    subscription_id: str = Field(min_length=1, max_length=100)
    number: int = Field(ge=1)
    state: Literal["sent", "failed", "parked", "resumed"]
    kind: Literal["baseline", "delta", "announcement"]
    dataset: str = Field(min_length=1, max_length=60)
    fields: tuple[str, ...]
    scope: str
    profile: str
    purpose: str | None = None
    rows: int = Field(ge=0)
    operations: dict[str, int] = Field(default={})
    version: str
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    previous_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    grant: str
    access: str
    reason: str = Field(default="", max_length=300)

    @property
    def subject(self) -> str:
        """Return what the event is about: the batch."""
        return f"{self.subscription_id}/{self.number}"
