"""The returned datasets: `dbt_like_sql/returned/*.sql`, and `changes`, which compares two versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.returns import changes
from jiceng_pipeline.standard.register import Element, element
from jiceng_pipeline.warehouse.models import Model, models

SCHEMA = "returned"


@dataclass(frozen=True)
class Dataset:
    """One returned dataset; every column is an element of the register.

    `declares` is what it has to show although masks hide it elsewhere: `minors` (fields of who is under fourteen),
    `health` (elements that say something of somebody's health). `inputs` decide which rows there are, so who is told
    of the rows is told of them: a grant has to have them, shown or not.
    """

    name: str
    title: str
    purpose: str
    columns: tuple[str, ...]
    declares: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Return its table in a published version."""
        return f"{SCHEMA}.{self.name}"

    @property
    def elements(self) -> Mapping[str, Element]:
        """Return column → element, in order; raise DefinitionError for a column the register lacks."""
        return {column: element(column) for column in self.columns}

    @property
    def entities(self) -> frozenset[str]:
        """Return whose records its rows come from: residents (a household is made of them), enterprises."""
        found = {"resident_id": "resident", "household_id": "resident", "enterprise_id": "enterprise"}
        named = frozenset(found[column] for column in self.columns if column in found)
        return named or frozenset({"resident", "enterprise"})


def declared(model: Model) -> frozenset[str]:
    """Return what the header of a model declares to show although masks hide it elsewhere: `minors`, `health`."""
    return frozenset(part.strip() for part in model.header.get("declares", "").split(",") if part.strip())


def datasets(settings: Settings) -> Mapping[str, Dataset]:
    """Return name → dataset."""
    found = {
        model.name: Dataset(model.name, model.title, model.purpose, model.columns, declared(model))
        for model in models(settings.sql_models).values()
        if model.schema == SCHEMA
    }
    return {**found, changes.NAME: Dataset(changes.NAME, changes.TITLE, changes.PURPOSE, changes.COLUMNS)}


def find(settings: Settings, wanted: str) -> Dataset:
    """Return the dataset of that name; raise UsageError with the nearest where there is none."""
    known = datasets(settings)
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=1, cutoff=0.4)
    listed = "、".join(f"{each.name}（{each.title}）" for each in known.values())
    raise UsageError(
        "没有这个数据集", where=f"数据集 {wanted}", cure=f"{f'是不是 {near[0]}？' if near else ''}可用：{listed}"
    )
