"""Somebody wants to be told what changes (订阅): of which dataset, which rows and columns, how often, where to."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jiceng_pipeline.ledger.kind import Body
from jiceng_pipeline.ledger.kinds.grant import Everything, Profile

Test = Literal["is", "is_not", "at_least", "at_most", "contains", "is_filled", "is_empty"]


class Condition(BaseModel):
    """Only rows whose element passes; `values` are standard values as text, of `is` any one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    element: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    test: Test
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_values(self) -> "Condition":
        if bool(self.values) == (self.test in {"is_filled", "is_empty"}):
            raise ValueError("is_filled、is_empty 不写值，其余要写值")
        return self


class Subscription(Body):
    """A later event with the same subject replaces it. Where `target` lies stands in the home, not here.

    It gives no right: every delivery asks for leave, and none is made once the grant has ended.
    """

    subscription_id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,39}$")
    subscriber: str = Field(min_length=1, max_length=64)
    dataset: str = Field(min_length=1, max_length=60)
    elements: tuple[str, ...] | Everything = "*"
    scope: str = Field(pattern=r"^(\*|\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$")
    conditions: tuple[Condition, ...] = ()
    profile: Profile = "check"
    purpose: str | None = Field(default=None, max_length=200)
    cadence: Literal["every_version", "daily", "weekly", "monthly"] = "every_version"
    target: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    state: Literal["active", "paused", "ended"] = "active"

    @property
    def subject(self) -> str:
        """Return what the event is about: the subscription."""
        return self.subscription_id
