"""How a doubt about a cell ended (异议处理)."""

from typing import ClassVar, Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class DisputeDecision(Body):
    """It ends the doubt with the same subject; `upheld` says that the community was right."""

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "household", "enterprise"]
    entity_id: str = Field(pattern=r"^[0-9a-f]{8,64}$")
    element_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    verdict: Literal["upheld", "rejected", "withdrawn"]
    reason: str = Field(min_length=1, max_length=500)

    @property
    def subject(self) -> str:
        """Return what the event is about: the cell."""
        return f"{self.entity}:{self.entity_id}:{self.element_id}"
