"""A contract: everything the pipeline needs to know of one department system, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.register import Element

FOLDER = Path(__file__).parent
RHYTHM_DAYS = {"daily": 1, "weekly": 7, "monthly": 31, "yearly": 366}


class Owner(Document):
    """Who answers for the data: tickets go there."""

    name: str
    contact: str


class Connector(Document):
    """`kind` names a module of `connectors/`; `options` are checked by that module's own `Options`."""

    kind: str
    options: dict[str, Any] = Field(default={})


class Contract(Document):
    """One department system. `columns` maps source column → element, `ignored` names the rest."""

    department: str
    system: str
    title: str
    owner: Owner
    legal_basis: str
    sharing: Literal["unconditional", "conditional", "not_shared"]
    entity: Literal["resident", "enterprise", "equipment", "city_case"]
    jurisdiction: str = Field(default="", description="division prefix within which names are unambiguous")
    connector: Connector
    rhythm: Literal["daily", "weekly", "monthly", "yearly"] = "daily"
    key: tuple[str, ...] = Field(min_length=1, description="source columns that name a record")
    columns: dict[str, str] = Field(min_length=1)
    ignored: tuple[str, ...] = ()
    renames: dict[str, str] = Field(default={}, description="a name the source used or may use → ours")
    codes: dict[str, dict[str, str]] = Field(default={}, description="column → local code → standard code")
    multiply: dict[str, int] = Field(default={}, description="column → factor to the element's unit")

    @model_validator(mode="after")
    def _consistent(self) -> "Contract":
        taken = [*self.columns, *self.ignored]
        doubled = {c for c in taken if taken.count(c) > 1} | {
            e for e in self.columns.values() if list(self.columns.values()).count(e) > 1
        }
        if doubled:
            raise ValueError(f"列或数据元重复：{', '.join(sorted(doubled))}")
        for what, names in {
            "key": self.key,
            "codes": tuple(self.codes),
            "multiply": tuple(self.multiply),
            "renames": tuple(self.renames.values()),
        }.items():
            if unknown := set(names) - set(taken):
                raise ValueError(f"{what} 提到了没有登记的列：{', '.join(sorted(unknown))}")
        for column, element_id in self.columns.items():
            known = register.elements().get(element_id)
            if known is None or self.entity not in known.entities:
                raise ValueError(f"{column} 对应的数据元 {element_id} 不存在，或不属于 {self.entity}")
        return self

    @property
    def name(self) -> str:
        """Return `department/system`."""
        return f"{self.department}/{self.system}"

    @property
    def table(self) -> str:
        """Return the system's table name inside a schema: `department__system`."""
        return f"{self.department}__{self.system}"

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Return every column the source promises, mapped or ignored."""
        return (*self.columns, *self.ignored)

    @property
    def elements(self) -> Mapping[str, Element]:
        """Return source column → element."""
        return {column: register.element(element_id) for column, element_id in self.columns.items()}


@cache
def contracts(folder: Path = FOLDER) -> Mapping[str, Contract]:
    """Read every `<department>/<system>.yaml` below `folder`, keyed and ordered by name."""
    found = [
        documents.read(path, Contract, department=path.parent.name, system=path.stem)
        for path in documents.files(folder)
    ]
    return {contract.name: contract for contract in found}
