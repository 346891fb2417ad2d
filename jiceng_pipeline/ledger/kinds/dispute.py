"""A community's doubt about one cell (异议): what it holds to be true instead, on what basis."""

from typing import ClassVar, Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Dispute(Body):
    """The believed value stays in the ledger; a build copies which cell is in doubt, not what it should say.

    `systems` are those that held a value of the cell when it was doubted: they are asked. `record_id` is the
    record whose value stood; it leads to the entity also after that has merged into another. A later event
    with the same subject renews the doubt after it was decided.
    """

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "household", "enterprise"]
    entity_id: str = Field(pattern=r"^[0-9a-f]{8,64}$")
    element_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    believed_value: str = Field(max_length=500, description="empty: it is wrong, but nobody knows what is right")
    basis: str = Field(min_length=1, max_length=500)
    community_code: str = Field(pattern=r"^\d{12}$")
    systems: tuple[str, ...] = ()
    record_id: str | None = Field(default=None, max_length=32)

    @property
    def subject(self) -> str:
        """Return what the event is about: the cell."""
        return f"{self.entity}:{self.entity_id}:{self.element_id}"
