"""填表负担: how many cells each department asks of each community, how many come prefilled, how many are asked again.

Communities and clerks are never ranked; departments are, by what they ask again although somebody holds it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import NothingPublished
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms.definition import PLACE, Form, forms
from jiceng_pipeline.forms.lint import held_by
from jiceng_pipeline.forms.rows import select, who
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns import communities, grants
from jiceng_pipeline.returns.access import authorise, served
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.masks import SHOWN
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier

MINUTES = Path(__file__).with_name("minutes.yaml")
DATASET = Dataset("indicator:form_burden", "填表负担", "减轻基层填表负担", (PLACE,))


class Minutes(Document):
    """The declared constants behind the minutes saved."""

    typed_seconds: float
    verified_seconds: float


@dataclass(frozen=True)
class Burden:
    """What one form asks of one community in one period, in cells.

    `prefilled` of `cells` come filled; of those `to_verify` are to be looked at and `asked_again` are asked although a
    department holds them. `to_fill` nobody knows. `typed` and `verified` are what came back.
    """

    department: str
    form: str
    period: str
    community: str
    forms: int
    rows: int
    cells: int
    prefilled: int
    to_verify: int
    to_fill: int
    asked_again: int
    typed: int = 0
    verified: int = 0

    @property
    def minutes_saved(self) -> float:
        """Return the minutes that looking up and typing would have cost, less those of looking at."""
        told = documents.read(MINUTES, Minutes)
        seconds = (self.prefilled - self.asked_again) * told.typed_seconds - self.to_verify * told.verified_seconds
        return seconds / 60

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "minutes_saved": round(self.minutes_saved)}


def by_community(settings: Settings, scope: str = grants.EVERYTHING, actor: str = grants.OPERATOR) -> list[Burden]:
    """Return what each form asks of each community of the scope; counts alone are read, and that is audited."""
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有发布过版本", where=str(settings.published), cure="先运行 jiceng sync")
    with open_ledger(settings) as ledger:
        access = authorise(ledger, actor, DATASET, scope, version=version.name, action="form_burden")
        came_back = _came_back(ledger)
        with connect(version.database, settings=settings, read_only=True) as connection:
            found = [
                _with(each, came_back)
                for form in forms().values()
                for each in _of(connection, form, access.where(PLACE))
            ]
        served(ledger, access, len(found))
    return found


def by_department(settings: Settings, community: str | None = None, actor: str = grants.OPERATOR) -> list[Burden]:
    """Return the sum of each department, who asks again most first."""
    scope = communities.find(settings, community).code if community else grants.EVERYTHING
    return league(by_community(settings, scope, actor))


def league(every: list[Burden]) -> list[Burden]:
    """Return one line a department, who asks again most first, then who asks most."""
    summed: dict[str, list[Burden]] = {}
    for each in every:
        summed.setdefault(each.department, []).append(each)
    counted = [each.name for each in fields(Burden) if each.type in {"int", int} and each.name != "forms"]
    found = [
        Burden(
            department=department,
            form="",
            period="",
            community="",
            forms=len({each.form for each in lines}),
            **{name: sum(getattr(each, name) for each in lines) for name in counted},
        )
        for department, lines in summed.items()
    ]
    return sorted(found, key=lambda each: (-each.asked_again, -each.to_fill, each.department))


def _of(connection: duckdb.DuckDBPyConnection, form: Form, where: str) -> Iterator[Burden]:
    shown = {each.element: SHOWN for each in form.columns}
    rows = select(connection, form, shown, "", who(form, where))
    full = {each: f"count({identifier(each.element)})" for each in form.columns}
    filled = " + ".join(full.values())
    fillable = [sql for each, sql in full.items() if each.is_fillable]
    again = [sql for each, sql in full.items() if each.reason or (each.asked and held_by(each.element))]
    for place, count, prefilled, doubted, known, asked_again in connection.execute(
        f"""select {PLACE}, count(*), {filled}, coalesce(sum(len(doubts)), 0), {" + ".join(fillable) or "0"},
            {" + ".join(again) or "0"}
        from ({rows}) as line(community_code, entity_id, {", ".join(identifier(each.element) for each in full)},
            sources, doubts)
        group by {PLACE} order by {PLACE}"""
    ).fetchall():
        yield Burden(
            department=form.department,
            form=form.id,
            period=form.period,
            community=place,
            forms=1,
            rows=count,
            cells=count * len(form.columns),
            prefilled=prefilled,
            to_verify=doubted,
            to_fill=count * len(fillable) - known,
            asked_again=asked_again,
        )


def _came_back(ledger: Ledger) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Return (form, community) → how many cells were typed, how many were found right."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in views.entries(ledger, Intake):
        source, _, form = entry.body.source.partition(":")
        if source == "form":
            key = form, entry.body.community_code
            typed, verified = found.get(key, (0, 0))
            is_typed = entry.body.kind == "collected"
            found[key] = typed + is_typed, verified + (not is_typed)
    return found


def _with(burden: Burden, came_back: Mapping[tuple[str, str], tuple[int, int]]) -> Burden:
    typed, verified = came_back.get((burden.form, burden.community), (0, 0))
    return Burden(**{**asdict(burden), "typed": typed, "verified": verified})
