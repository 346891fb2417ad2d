"""共享目录 (sharing catalogue): what there is to ask for: whose it is, on what basis, how good, how often it comes.

A returned dataset has no class of its own: every element has that of the system that leads for it, and a request
has the strictest of what it asks for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.returns import datasets
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

Sharing = Literal["unconditional", "conditional", "not_shared"]
SHARINGS: Mapping[Sharing, str] = {
    "unconditional": "无条件共享",
    "conditional": "有条件共享",
    "not_shared": "不予共享",
}
RHYTHMS = {"daily": "每天", "weekly": "每周", "monthly": "每月", "yearly": "每年"}
OURSELVES = "数据管理机构"  # answers for what is derived here
_STRICT: tuple[Sharing, ...] = ("unconditional", "conditional", "not_shared")
_LATE = 0.9  # what a quality score is multiplied by while the system is behind its rhythm


@dataclass(frozen=True)
class Entry:
    """One dataset of the catalogue; `quality` is the share of sound cells of 100, None before the first version."""

    name: str
    title: str
    purpose: str
    owners: tuple[str, ...]
    elements: tuple[str, ...]
    sharing: Sharing
    legal_basis: tuple[str, ...]
    frequency: str
    quality: float | None


def catalogue(settings: Settings) -> list[Entry]:
    """Return every returned dataset that can be asked for, then every system that stands behind them."""
    scores = quality(settings)
    returned = [_returned(each, scores) for each in datasets.datasets(settings).values()]
    return [*returned, *(_system(each, scores) for each in contracts().values())]


def lead(dataset: Dataset, element: Element) -> Contract | None:
    """Return the system that answers for an element of a dataset; None for what is derived here."""
    holders = [
        name
        for name, contract in contracts().items()
        if contract.entity in dataset.entities and element.id in contract.columns.values()
    ]
    ranked = [*(name for name in element.survivorship.authoritative if name in holders), *holders]
    return contracts()[ranked[0]] if ranked else None


def leads(dataset: Dataset, elements: Iterable[str] | str = "*") -> tuple[Contract, ...]:
    """Return the systems that answer for these elements, each once."""
    asked = dataset.columns if elements == "*" else tuple(elements)
    found = {each.name: each for name in asked if (each := lead(dataset, dataset.elements[name]))}
    return tuple(found.values())


def strictest(behind: Iterable[Contract]) -> Sharing:
    """Return the class of what these systems answer for together."""
    return max((each.sharing for each in behind), key=_STRICT.index, default="unconditional")


def quality(settings: Settings) -> Mapping[str, float]:
    """Return system → how many of 100 cells it promised were sound in the version served, less while it is late."""
    version = publish.current(settings)
    if version is None:
        return {}
    with connect(version.database, settings=settings, read_only=True) as connection:
        try:
            found = connection.execute(
                f"""with told as (
                    select system, 1 - coalesce(max(value) filter (measure = 'unreadable'), 0) as readable,
                        1 - coalesce(avg(value) filter (measure = 'invalid'), 0) as valid
                    from quality.figure group by system)
                select system, round(100 * readable * valid
                    * if(coalesce(days_since_success > rhythm_days, true), {_LATE}, 1), 1)
                from told left join quality.rhythm using (system)"""
            ).fetchall()
        except duckdb.CatalogException:  # a version from before there were figures
            return {}
    return dict(found)


def _returned(dataset: Dataset, scores: Mapping[str, float]) -> Entry:
    behind = leads(dataset)
    held = [scores[each.name] for each in behind if each.name in scores]
    return Entry(
        dataset.name, dataset.title, dataset.purpose,
        tuple(dict.fromkeys(each.owner.name for each in behind)) or (OURSELVES,), dataset.columns, strictest(behind),
        tuple(dict.fromkeys(each.legal_basis for each in behind)), "每次同步",
        round(sum(held) / len(held), 1) if held else None,
    )  # fmt: skip


def _system(contract: Contract, scores: Mapping[str, float]) -> Entry:
    return Entry(
        contract.name, contract.title, contract.legal_basis, (contract.owner.name,), tuple(contract.columns.values()),
        contract.sharing, (contract.legal_basis,), RHYTHMS[contract.rhythm], scores.get(contract.name),
    )  # fmt: skip
