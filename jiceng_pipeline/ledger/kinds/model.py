"""Which pinned model version (模型版本) the matching of one entity uses from here on."""

from typing import ClassVar, Literal

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class Model(Body):
    """`version` names a folder `models/<version>/`; the subject is the entity."""

    bears_on_data: ClassVar[bool] = True

    entity: Literal["resident", "household", "enterprise"]
    version: str = Field(pattern=r"^[0-9a-f]{8,64}$")
    reason: str = Field(min_length=1, max_length=500)

    @property
    def subject(self) -> str:
        """Return what the event is about: the entity."""
        return self.entity
