"""政务服务事项: one service item, as data: who may apply, with what, where, and how long it takes."""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.standard import register

Kind = Literal["county_hall", "township_hall", "village_station", "bank", "post_office"]
Grade = Literal["accept", "collect", "on_behalf", "consult"]
# the standard's code of each kind of service point
KINDS: Mapping[Kind, str] = MappingProxyType(
    {"county_hall": "1", "township_hall": "2", "village_station": "3", "bank": "4", "post_office": "5"}
)
GRADES: Mapping[Grade, str] = MappingProxyType(
    {"accept": "受理", "collect": "代收", "on_behalf": "代办", "consult": "只咨询"}
)
DONE: tuple[Grade, ...] = ("accept", "collect", "on_behalf")  # whoever went there need go nowhere else
_BUSINESS_DATE = re.compile(r":business_date\b")


class Material(Document):
    """What has to be shown: elements of the register that prove it, or why it exists on paper only."""

    name: str = Field(min_length=1)
    elements: tuple[str, ...] = ()
    paper: str = Field(default="", description="why nobody holds it")

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "Material":
        if bool(self.elements) == bool(self.paper):
            raise ValueError("elements 与 paper 必须且只能写一个")
        held = {each.id for each in register.elements_of("resident")}
        if unknown := [name for name in self.elements if name not in held]:
            raise ValueError(f"人员记录里没有数据元 {unknown[0]}")
        return self


class Item(Document):
    """One item. `condition` is SQL over one row of governance.resident as `resident` with its household.

    It holds for who may apply and may use `:business_date`; `holds` is the SQL for who has it already, where
    a register tells. `places` says what each kind of service point does of it. The last day on which it is
    given is `valid_until`; of two versions in force the higher counts.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    code: str = Field(pattern=r"^[A-Z]{2}-\d{3}$")
    name: str = Field(min_length=1)
    department: str = Field(min_length=1)
    legal_basis: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    condition: str = Field(min_length=1)
    elements: tuple[str, ...] = ()
    holds: str = ""
    materials: tuple[Material, ...] = Field(min_length=1)
    time_limit_days: int = Field(ge=1, description="working days")
    places: dict[Kind, Grade] = Field(min_length=1)
    area: Literal["county", "city"] = Field(
        default="county", description="whose points: of the own county, of every one"
    )
    proxy: bool = Field(description="somebody else may go instead")
    channels: tuple[str, ...] = Field(min_length=1)
    version: int = Field(ge=1)
    valid_from: date
    valid_until: date | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Item":
        if unknown := [name for name in self.elements if name not in register.elements()]:
            raise ValueError(f"没有数据元 {unknown[0]}")
        if self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until 早于 valid_from")
        if not any(grade in DONE for grade in self.places.values()):
            raise ValueError("没有一处能办：places 里至少有一种网点受理、代收或代办")
        return self

    def sql(self, text: str) -> str:
        """Return `condition` or `holds` as it stands in a select that has `standard.business_day` as `today`."""
        return _BUSINESS_DATE.sub("today.business_date", text.strip())

    @property
    def dataset(self) -> str:
        """Return the name under which one asks for leave to use it."""
        return f"service:{self.id}"
