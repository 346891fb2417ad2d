"""The register of data elements (数据元): one definition that drives casts, checks, masks and columns."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import DefinitionError

ELEMENTS = Path(__file__).with_name("elements")

Entity = Literal["resident", "household", "enterprise", "equipment", "city_case", "service_point"]
ENTITIES: Mapping[Entity, str] = {
    "resident": "人员",
    "household": "户",
    "enterprise": "市场主体",
    "equipment": "特种设备",
    "city_case": "城市管理案件",
    "service_point": "服务网点",
}
Type = Literal[
    "text", "name", "organisation_name", "address", "phone", "citizen_id", "other_document", "credit_code", "division",
    "code", "date", "integer", "decimal", "degrees", "boolean", "timestamp",
]  # fmt: skip
Mask = Literal["none", "name", "citizen_id", "phone", "address", "year", "hidden"]

SQL_TYPES: Mapping[str, str] = {
    "date": "date",
    "integer": "bigint",
    "decimal": "decimal(18, 2)",
    "degrees": "decimal(9, 6)",  # a tenth of a metre
    "boolean": "boolean",
    "timestamp": "timestamp",
}


class Survivorship(Document):
    """Which record's value stands: these systems in this order, else the rule in `then`.

    `newest`: of the newest record. `most_frequent`: what most records say, then the newest; for what does not change in
    a life. `last_change`: what a system was last seen to change its record to, then what most say, then the newest.
    `proof` is the number that tells the value as well, as the SQL function `<proof>_<element>`: before all else, a
    record that agrees with the number it carries is believed, and one that contradicts it least.
    """

    proof: Literal["citizen_id"] | None = None
    authoritative: tuple[str, ...] = ()
    then: Literal["newest", "most_frequent", "last_change"] = "newest"


class Element(Document):
    """One data element. `entities` are the records that may carry it; none: we derive it ourselves."""

    id: str
    name: str
    title: str
    definition: str
    type: Type
    max_length: int | None = None
    pattern: str | None = Field(default=None, description="regular expression the whole text fits")
    code_set: str | None = None
    sensitivity: Literal["public", "internal", "personal", "sensitive"]
    mask: Mask = "none"
    is_health: bool = Field(default=False, description="says something of somebody's health: shown only where declared")
    entities: tuple[Entity, ...] = ()
    instead_of: str | None = Field(default=None, description="the element in whose columns this one may stand instead")
    survivorship: Survivorship = Survivorship()
    freshness_days: int | None = Field(default=None, description="how long a value counts as fresh")
    fresh_by: Literal["change", "delivery"] = Field(
        default="change", description="it ages from the record's last change, or while its system does not deliver"
    )
    harm: Literal["high", "medium", "low"] = Field(
        default="low",
        description="what a wrong value does: a benefit or an identity goes to the wrong one, somebody is not reached, "
        "a list is untidy",
    )
    collection: Literal["wins_if_newer", "proposes"] | None = Field(
        default=None,
        description="what a community collects stands where it is newer, or is put beside the value for its owner to "
        "judge; none: communities are not asked",
    )
    history: bool = Field(default=False, description="what was said of earlier days is kept: governance.*_history")
    verify: bool = Field(default=False, description="systems that disagree are put before the community")
    own_per_system: bool = Field(
        default=False, description="each system gives a value of its own: that two differ is no disagreement"
    )
    standard: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> "Element":
        if (self.type == "code") != (self.code_set is not None):
            raise ValueError("type: code 与 code_set 必须同时出现")
        if self.sensitivity in {"personal", "sensitive"} and self.mask == "none" and self.type != "code":
            raise ValueError("个人信息必须声明 mask")
        if self.pattern and self.type != "text":
            raise ValueError("pattern 只用于 type: text")
        return self

    @property
    def sql_type(self) -> str:
        """Return the DuckDB type its standard value has."""
        return SQL_TYPES.get(self.type, "varchar")


@cache
def elements(folder: Path = ELEMENTS) -> Mapping[str, Element]:
    """Read every element below `folder`; raise DefinitionError on a double or broken one."""
    found: dict[str, Element] = {}
    for path in documents.files(folder):
        for element_id, element in documents.read_all(path, Element).items():
            if element_id in found:
                raise DefinitionError(f"数据元 {element_id} 定义了两次", where=str(path), cure="保留一处")
            found[element_id] = element
    return found


def element(element_id: str) -> Element:
    """Return one element; raise DefinitionError where the register does not have it."""
    try:
        return elements()[element_id]
    except KeyError:
        raise DefinitionError(
            f"没有数据元 {element_id}", where=str(ELEMENTS), cure="在 standard/elements/ 中登记后再使用"
        ) from None


def elements_of(entity: str) -> tuple[Element, ...]:
    """Return the elements that records of `entity` may carry, in the register's order."""
    return tuple(each for each in elements().values() if entity in each.entities)


def instead_of(element_id: str) -> tuple[Element, ...]:
    """Return what may stand in a column of this element instead: a form has one box for every kind of number."""
    return tuple(each for each in elements().values() if each.instead_of == element_id)


def held(element_ids: Iterable[str]) -> frozenset[str]:
    """Return the elements columns hold that are mapped to these: themselves, and what may stand there instead."""
    own = frozenset(element_ids)
    return own.union(each.id for one in own for each in instead_of(one))
