"""Opening a light app: the rows of one place, as the account may see them, in the words a clerk knows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange.light_app import LightApp, find
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import communities, package
from jiceng_pipeline.returns.access import Access, authorise, failed, served
from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.package import Package
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier
from jiceng_pipeline.warehouse.publish import Version

PAGE_ROWS = 200
_KEYS = ("resident_id", "household_id", "enterprise_id", "equipment_id", "case_id", "address_id")


@dataclass(frozen=True)
class Page:
    """Some rows of an app for one place. `rows` are in words, in the order of `columns`; `total` is of the place."""

    title: str
    purpose: str
    place: Place
    columns: tuple[Element, ...]
    rows: Sequence[tuple[str | None, ...]]
    total: int
    as_of: str
    version: str
    receipt: str


def open_app(
    settings: Settings,
    *,
    actor: str,
    app: str,
    place: str,
    purpose: str = "",
    limit: int = PAGE_ROWS,
    offset: int = 0,
    channel: Channel = "page",
) -> Page:
    """Return rows of the version being served; an app whose list tells by itself is opened for its own purpose.

    Raise UsageError for an app or place there is not, AccessDenied where nothing covers it.
    """
    wanted = find(settings.sql_models, app)
    where = communities.find(settings, place)
    return page(
        settings, wanted, wanted.table, where, actor, wanted.profile, purpose or wanted.title, limit, offset, channel
    )


def download(
    settings: Settings, *, actor: str, app: str, place: str, format: str = "xlsx", purpose: str = "",
    folder: Path | None = None, channel: Channel = "download",
) -> Package:  # fmt: skip
    """Write the rows of an app for one place to a file, as `returns.package.cut` does."""
    wanted = find(settings.sql_models, app)
    return package.cut(
        settings, actor=actor, community=place, dataset=wanted, format=format, profile=wanted.profile,
        purpose=purpose or wanted.title, folder=folder, channel=channel,
    )  # fmt: skip


def page(
    settings: Settings, dataset: Dataset, source: str, place: Place, actor: str, profile: str, purpose: str,
    limit: int = PAGE_ROWS, offset: int = 0, channel: Channel = "page",
) -> Page:  # fmt: skip
    """Return rows of `source`, a table or a select in brackets with the columns of `dataset` and a community code."""
    version = publish.find(settings)
    as_of = str(version.manifest.get("inputs", {}).get("business_date", ""))
    with open_ledger(settings) as ledger:
        access = authorise(
            ledger, actor, dataset, place.code, profile, purpose,
            action="light_app", version=version.name, as_of=as_of or None, channel=channel,
        )  # fmt: skip
        try:
            with _opened(version, settings) as connection:
                rows, total, keys = _rows(connection, dataset, source, access, limit, offset)
        except BaseException:
            failed(ledger, access)
            raise
        served(ledger, access, len(rows), keys)
    return Page(
        title=dataset.title,
        purpose=dataset.purpose,
        place=place,
        columns=tuple(_shown(dataset, access)),
        rows=rows,
        total=total,
        as_of=as_of,
        version=version.name,
        receipt=access.receipt,
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, source: str, access: Access, limit: int, offset: int
) -> tuple[list[tuple[str | None, ...]], int, list[str]]:
    """Return the rows in words, how many there are of the place, and the surrogate keys of those shown."""
    shown = "".join(
        f", cast({in_words(element, access.maskings[element.id].sql(identifier(element.id)), {})} as varchar)"
        for element in _shown(dataset, access)
    )
    key = next((name for name in _KEYS if name in dataset.columns), None)
    found = connection.execute(
        f"""select count(*) over () as total, {identifier(key) if key else "null"} as key{shown}
        from {source} as listed where {access.where()} limit ? offset ?""",
        [max(0, min(limit, 5_000)), max(0, offset)],
    ).fetchall()
    total = found[0][0] if found else _count(connection, source, access)
    return [row[2:] for row in found], total, [row[1] for row in found if row[1]]


def _shown(dataset: Dataset, access: Access) -> list[Element]:
    return [element for column, element in dataset.elements.items() if column in access.maskings]


def _count(connection: duckdb.DuckDBPyConnection, source: str, access: Access) -> int:
    counted: int = connection.execute(f"select count(*) from {source} as listed where {access.where()}").fetchall()[0][
        0
    ]
    return counted


@contextmanager
def _opened(version: Version, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published version; what DuckDB says of a damaged one may quote values, so it goes no further."""
    try:
        with connect(version.database, settings=settings, read_only=True) as connection:
            yield connection
    except duckdb.CatalogException:
        raise UsageError("当前版本里还没有这个轻应用", where=version.name, cure="运行 jiceng sync 发布新版本") from None
    except duckdb.Error as error:
        raise IntegrityError(
            f"当前版本的数据库读不出来（{type(error).__name__}）", where=version.name, cure="运行 jiceng sync 重新发布"
        ) from None


def available(apps: Sequence[LightApp]) -> Sequence[LightApp]:
    """Return the apps in the order of cards on a page: reminders first, then boards, then lists."""
    order = {"reminder": 0, "board": 1, "list": 2}
    return sorted(apps, key=lambda app: (order[app.view], app.title))
