"""The room's front: what pages and commands ask, each with leave and audit, of the version that is published."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import duckdb

from jiceng_pipeline.core.errors import IntegrityError, JicengError, NothingPublished, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns import communities
from jiceng_pipeline.returns.access import Access, authorise, failed, served
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.services import answer, catalogue, circle, coverage, listing, network, reach, siting, walking
from jiceng_pipeline.services.answer import Answer
from jiceng_pipeline.services.circle import Circle
from jiceng_pipeline.services.coverage import Share
from jiceng_pipeline.services.grading import Grading, gradings
from jiceng_pipeline.services.item import Item
from jiceng_pipeline.services.listing import Listing
from jiceng_pipeline.services.point import ANY_TIME, When, points
from jiceng_pipeline.services.siting import Plan
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version

_COUNTED = Dataset(
    "service:reach",
    "一刻钟便民服务圈",
    "每个社区有多少人走一刻钟能办成每件事，哪里办不成",
    ("community_code", "service_point_kind_code", "living_count"),
)
_LISTED = Dataset(
    "service:listing",
    "办事清单",
    "每件事在哪些网点怎样办、几点开门、带什么、谁已经有",
    ("community_code", "service_point_name", "service_point_kind_code", "opening_hours", "is_step_free"),
)


@dataclass(frozen=True)
class Survey:
    """The shares of a scope's communities, and the item each is of."""

    place: communities.Place
    shares: tuple[Share, ...]
    receipt: str


def ask(
    settings: Settings,
    actor: str,
    community: str,
    item: str,
    at: datetime,
    *,
    resident_id: str | None = None,
    consent: str | None = None,
    only_open: bool = False,
) -> Answer:
    """Return where to go and what to bring; for a resident with what line says who agreed.

    Raises UsageError, AccessDenied, NothingPublished.
    """
    if resident_id is not None and not (consent or "").strip():
        raise UsageError("代办要写明本人同意", where="--consent", cure="例如 --consent 本人口头同意，由女儿代办")
    place, wanted = communities.find(settings, community), catalogue.find(settings, item)
    if not place.is_community:
        raise UsageError("要写到村（社区）", where=f"区划 {place.code}", cure="写十二位代码或社区名称")
    version = _current(settings)
    with open_ledger(settings) as ledger:
        access = answer.leave(
            ledger, actor, wanted, place,
            consent=consent if resident_id else None, resident_id=resident_id, version=version.name,
        )  # fmt: skip
        with _reading(settings, ledger, access, version) as connection:
            told = answer.where(
                connection, access, walking.walking(settings), place, wanted, at,
                paths=network.network(settings), resident_id=resident_id, only_open=only_open,
            )  # fmt: skip
            served(ledger, access, len(told.stops), [resident_id] if resident_id else None)
    return told


def survey(settings: Settings, actor: str, scope: str, items: Sequence[Item] = (), when: When = ANY_TIME) -> Survey:
    """Return what may be told of how many people of each community of a scope are near each item."""
    place, wanted = communities.find(settings, scope), tuple(items) or tuple(catalogue.items(settings).values())
    version = _current(settings)
    with open_ledger(settings) as ledger:
        access = authorise(ledger, actor, _COUNTED, place.code, "check", action="service", version=version.name)
        with _reading(settings, ledger, access, version) as connection:
            counted = coverage.count(
                connection, walking.walking(settings), wanted, when, network.network(settings), place.code
            )
            shares = tuple(coverage.disclosed(each) for each in counted)
            served(ledger, access, len(shares))
    return Survey(place, shares, access.receipt)


def suggest(settings: Settings, actor: str, scope: str, item: str, count: int = 5) -> Plan:
    """Return where more points of an item would help most people of a scope."""
    place, wanted = communities.find(settings, scope), catalogue.find(settings, item)
    version, assumed = _current(settings), walking.walking(settings)
    with open_ledger(settings) as ledger:
        access = authorise(ledger, actor, _COUNTED, place.code, "check", action="service", version=version.name)
        with _reading(settings, ledger, access, version) as connection:
            reach.everybody(connection, assumed, place.code)
            found = reach.points_for(connection, place.code, [wanted])
            sets = reach.sets(found, [wanted], assumed)
            paths = network.network(settings)
            reach.measure(connection, assumed, found, sets, paths)
            plan = siting.suggest(connection, assumed, wanted, sets, count, paths)
            served(ledger, access, len(plan.suggestions))
    return plan


def townships(settings: Settings, actor: str, scope: str) -> list[Grading]:
    """Return for each township of a scope how many items are handled there and how, and what lacks a desk."""
    place, version = communities.find(settings, scope), _current(settings)
    with open_ledger(settings) as ledger:
        access = authorise(ledger, actor, _COUNTED, place.code, "check", action="service", version=version.name)
        with _reading(settings, ledger, access, version) as connection:
            within = [
                each for each in communities.places(settings.reference).values() if each.code.startswith(place.code)
            ]
            found = gradings(points(connection, place.code), tuple(catalogue.items(settings).values()), within)
            served(ledger, access, len(found))
    return found


def listed(settings: Settings, actor: str, scope: str) -> Listing:
    """Return every item in force with where it is handled in a scope and what to bring."""
    place, version = communities.find(settings, scope), _current(settings)
    with open_ledger(settings) as ledger:
        access = authorise(ledger, actor, _LISTED, place.code, "check", action="service", version=version.name)
        with _reading(settings, ledger, access, version) as connection:
            found = listing.entries(
                tuple(catalogue.items(settings).values()),
                points(connection, place.code),
                communities.places(settings.reference),
            )
            served(ledger, access, sum(len(each.desks) for each in found))
    return Listing(place, found, version.name, access.receipt)


def draw(settings: Settings, actor: str, community: str) -> Circle:
    """Return what a drawing of a community's circle needs: its points, and where eight and more people live."""
    place, version = communities.find(settings, community), _current(settings)
    with open_ledger(settings) as ledger:
        access = authorise(ledger, actor, _COUNTED, place.code, "check", action="service", version=version.name)
        with _reading(settings, ledger, access, version) as connection:
            seen = circle.circle(connection, walking.walking(settings), place)
            served(ledger, access, len(seen.cells))
    return seen


def _current(settings: Settings) -> Version:
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有可以查的版本", where=str(settings.published), cure="先运行 jiceng sync")
    return version


@contextmanager
def _reading(
    settings: Settings, ledger: Ledger, access: Access, version: Version
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the version; write down that nothing was handed out where the block fails."""
    try:
        with connect(version.database, settings=settings, read_only=True) as connection:
            yield connection
    except BaseException as error:
        with suppress(JicengError):  # what failed first is what the caller has to hear of
            failed(ledger, access)
        if isinstance(error, duckdb.Error):
            raise IntegrityError(
                f"当前版本的数据库读不出来（{type(error).__name__}）",
                where=str(version.folder),
                cure="运行 jiceng sync 重新发布，或从备份恢复",
            ) from None
        raise
