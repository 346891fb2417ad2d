"""A contract: everything the pipeline needs to know of one department system, as data."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document, Misplaced
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.delivery import ASKING, Delivery, Expect, Full, Incremental
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import Element

FOLDER = Path(__file__).parent
_WORD = "[a-z][a-z0-9]*(_[a-z0-9]+)*"
_NAME = re.compile(f"{_WORD}/{_WORD}")
INTAKE = "intake"  # the connector of what is not pulled but arrives as events of the ledger
_COUNTY = re.compile("[0-9]{6}")
_AMOUNTS = ("integer", "decimal")  # types of elements that have a unit
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
    entity: Literal["resident", "enterprise", "equipment", "city_case", "service_point"]
    jurisdiction: str = Field(default="", description="county within which communities are named")
    connector: Connector
    delivery: Delivery = Full()
    expect: Expect = Expect()
    rhythm: Literal["daily", "weekly", "monthly", "yearly"] = "daily"
    key: tuple[str, ...] = Field(min_length=1, description="source columns that name a record")
    columns: dict[str, str] = Field(min_length=1)
    ignored: tuple[str, ...] = ()
    renames: dict[str, str] = Field(default={}, description="a name the source used or may use → ours")
    codes: dict[str, dict[str, str]] = Field(default={}, description="column → local code → standard code")
    multiply: dict[str, Annotated[int, Field(ge=1, le=10**9)]] = Field(
        default={}, description="column → factor to the element's unit"
    )

    @model_validator(mode="before")
    @classmethod
    def _with_what_is_collected(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A community may be asked for every element that says so: each is a column, by its title."""
        connector, columns = data.get("connector"), data.get("columns")
        if not isinstance(connector, dict) or connector.get("kind") != INTAKE or not isinstance(columns, dict):
            return data
        asked = (each for each in register.elements_of(str(data.get("entity"))) if each.collection)
        return {**data, "columns": {**columns, **{each.title: each.id for each in asked}}}

    @model_validator(mode="after")
    def _in_a_county(self) -> "Contract":
        if self.jurisdiction and not _COUNTY.fullmatch(self.jurisdiction):
            cure = '写县（市、区）的六位代码，如 "320613"；管几个县的系统不写，社区名前写明街道、乡镇或写代码'
            raise Misplaced("不是县级区划代码", "jurisdiction", cure=cure)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> "Contract":
        taken = [*self.columns, *self.ignored]
        for column in self.ignored:
            if taken.count(column) > 1:
                raise Misplaced(f"列 {column} 写了两次", "ignored", cure="columns 和 ignored 里一共只写一次")
        mentioned = {
            "key": self.key,
            "codes": tuple(self.codes),
            "multiply": tuple(self.multiply),
            "renames": tuple(self.renames.values()),
        }
        if isinstance(self.delivery, Incremental):
            mentioned["delivery.cursor"] = (self.delivery.cursor,)
        if self.expect.period and self.expect.period.column:
            mentioned["expect.period"] = (self.expect.period.column,)
        for what, names in mentioned.items():
            if unknown := [name for name in names if name not in taken]:
                cure = "改成 columns 或 ignored 里有的列，或把这一列补进去"
                raise Misplaced(f"提到了没有登记的列：{'、'.join(unknown)}", *what.split("."), cure=cure)
        return self

    @model_validator(mode="after")
    def _in_standard_elements(self) -> "Contract":
        taken: dict[str, str] = {}
        for column, element_id in self.columns.items():
            known = register.elements().get(element_id)
            if known is None or self.entity not in known.entities:
                fault = "没有这个数据元" if known is None else f"这个数据元不属于 {self.entity}"
                cure = "docs/catalogue.md 列有全部数据元；不需要的列写进 ignored"
                raise Misplaced(f"{fault}：{element_id}", "columns", column, cure=cure)
            if element_id in taken:
                cure = "留一列，另一列写进 ignored"
                raise Misplaced(f"与 {taken[element_id]} 对到同一个数据元 {element_id}", "columns", column, cure=cure)
            taken[element_id] = column
        for column, local in self.codes.items():
            code_set = register.element(self.columns[column]).code_set if column in self.columns else None
            if code_set is None:
                raise Misplaced("这一列没有代码集，不能写对照", "codes", column, cure="删去，或改正列名")
            if unknown := [code for code in local.values() if code not in code_sets()[code_set]]:
                cure = f"用代码集里有的：{'、'.join(list(code_sets()[code_set])[:20])}"
                raise Misplaced(f"代码集 {code_set} 里没有 {'、'.join(unknown)}", "codes", column, cure=cure)
        return self

    @model_validator(mode="after")
    def _can_be_multiplied(self) -> "Contract":
        for column in self.multiply:
            if column not in self.columns or register.element(self.columns[column]).type not in _AMOUNTS:
                cure = "删去，或写对应数额的那一列"
                raise Misplaced("这一列不是数，不能换算单位", "multiply", column, cure=cure)
        return self

    @model_validator(mode="after")
    def _can_be_asked(self) -> "Contract":
        """An increment has to be something that the connector can ask for."""
        if not isinstance(self.delivery, Incremental):
            return self
        kind = self.connector.kind
        if kind not in ASKING:
            cure = f"删去 delivery；能增量的是 {'、'.join(sorted(ASKING))}"
            raise Misplaced(f"连接器 {kind} 不能只取变动的行", "delivery", cure=cure)
        if lacking := [name for name in ASKING[kind] if name not in self.connector.options]:
            cure = f"在这里写上 {'、'.join(lacking)}"
            raise Misplaced(f"增量拉取缺少 {'、'.join(lacking)}", "connector", "options", cure=cure)
        if (deleted := self.delivery.deleted) and deleted.column in self.source_columns:
            cure = "从 columns 和 ignored 里删去这一列"
            raise Misplaced(f"{deleted.column} 只写在这里，不再登记为列", "delivery", "deleted", "column", cure=cure)
        return self

    @model_validator(mode="after")
    def _can_be_expected(self) -> "Contract":
        within = self.expect.within
        if within is None:
            return self
        known = register.elements().get(self.columns.get(within.column, ""))
        if known is None or known.type != "division":
            cure = "写 columns 里对应社区代码的那一列"
            raise Misplaced(f"{within.column} 不是对应社区代码的列", "expect", "within", "column", cure=cure)
        if not (within.division or self.jurisdiction):
            raise Misplaced("没有范围", "expect", "within", cure="写上 division，或写合同的 jurisdiction")
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
    def is_collected(self) -> bool:
        """Return whether communities collect it: then it is never pulled."""
        return self.connector.kind == INTAKE

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Return every column the source promises, mapped or ignored."""
        return (*self.columns, *self.ignored)

    @property
    def elements(self) -> Mapping[str, Element]:
        """Return source column → element."""
        return {column: register.element(element_id) for column, element_id in self.columns.items()}


def systems() -> Mapping[str, Contract]:
    """Return every contract there is, ours and the operator's in the home, keyed and ordered by name."""
    return read(FOLDER, Settings.load().departments)


def contracts() -> Mapping[str, Contract]:
    """Return the contracts of the departments' systems: those that are pulled."""
    return {name: contract for name, contract in systems().items() if not contract.is_collected}


def collected() -> Mapping[str, Contract]:
    """Return the contracts of what communities collect."""
    return {name: contract for name, contract in systems().items() if contract.is_collected}


@cache
def read(*folders: Path) -> Mapping[str, Contract]:
    """Read every `<department>/<system>.yaml` of the folders, keyed and ordered by name.

    Raises DefinitionError for a broken one, one that lies elsewhere, and a system that has two.
    """
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in documents.files(folder):
            name = _name(path, folder)
            if name in paths:
                raise DefinitionError(
                    f"系统 {name} 有两份合同，另一份是 {paths[name]}",
                    where=str(path),
                    cure="删去一份，或给新系统另起名字",
                )
            paths[name] = path
    return {
        name: documents.read(path, Contract, department=path.parent.name, system=path.stem)
        for name, path in sorted(paths.items())
    }


def place(contract: Contract) -> Path:
    """Return the file the contract stands in."""
    file = Path(contract.department, f"{contract.system}.yaml")
    return next((path for path in (FOLDER / file, Settings.load().departments / file) if path.exists()), file)


def _name(path: Path, folder: Path) -> str:
    """Return the name of the system whose contract `path` is, which names tables too."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"合同的位置或文件名不对：{name}",
            where=str(path),
            cure="放在 departments/部门/系统.yaml，两个名字都只用小写字母、数字和下划线，如 forestry/ranger.yaml",
        )
    return name
