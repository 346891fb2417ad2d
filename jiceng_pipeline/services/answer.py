"""我在 X 村，办 Y: where to go, when, how long it takes, and what to bring, on one page.

Asked for a community it speaks of nobody: the minutes are those within which half of its people are there, and
are not told of fewer than eight. Asked for a resident, by somebody who goes instead or with them, it needs leave
and a line that says who agreed, which is in the audit before anything is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import communities
from jiceng_pipeline.returns.access import Access, Entity, authorise
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.services import material, opening, reach
from jiceng_pipeline.services.coverage import THRESHOLD
from jiceng_pipeline.services.item import GRADES, Item
from jiceng_pipeline.services.material import Need
from jiceng_pipeline.services.network import Network
from jiceng_pipeline.services.point import ANY_TIME, Point, When, valid
from jiceng_pipeline.services.reach import Sets
from jiceng_pipeline.services.walking import Profile, Walking
from jiceng_pipeline.standard.code_sets import code_sets

PLACES = 3  # are told
_LOOKED_AT = 30  # points nearest as the crow flies whose ways are measured
_ELEMENTS = ("service_point_name", "service_point_kind_code", "opening_hours", "is_step_free")


@dataclass(frozen=True)
class Stop:
    """One place to go; `minutes` is None where nobody can say."""

    name: str
    kind: str
    grade: str
    hours: str
    minutes: int | None
    is_step_free: bool | None
    is_open: bool
    opens: datetime | None


@dataclass(frozen=True)
class Answer:
    """What to tell somebody. `qualifies` is None where nobody was asked about."""

    community: communities.Place
    item: Item
    profile: Profile
    stops: tuple[Stop, ...]
    needs: tuple[Need, ...]
    at: datetime
    qualifies: bool | None
    note: str
    receipt: str

    @property
    def brought(self) -> tuple[Need, ...]:
        """Return what has to be brought."""
        return tuple(need for need in self.needs if need.is_brought)

    @property
    def spared(self) -> tuple[Need, ...]:
        """Return what need not be brought."""
        return tuple(need for need in self.needs if not need.is_brought)


def leave(
    ledger: Ledger,
    actor: str,
    item: Item,
    community: communities.Place,
    *,
    consent: str | None = None,
    resident_id: str | None = None,
    version: str | None = None,
) -> Access:
    """Return leave to ask about an item in a community; for a resident `consent` says who agreed to what.

    Whether somebody may have an item, and what registers hold of them, no mask hides: that is asked for unmasked.
    Raises AccessDenied.
    """
    held = tuple(name for each in item.materials for name in each.elements)
    columns = tuple(dict.fromkeys((*_ELEMENTS, *(held if consent else ()))))
    dataset = Dataset(item.dataset, item.name, item.audience, columns)
    purpose = f"代办 {item.name}：{consent}" if consent else None
    about: Entity | None = "resident" if consent else None
    return authorise(
        ledger, actor, dataset, community.code, "full" if consent else "check", purpose,
        action="service", version=version, entity=about, entity_id=resident_id,
    )  # fmt: skip


def where(
    connection: duckdb.DuckDBPyConnection,
    access: Access,
    walking: Walking,
    community: communities.Place,
    item: Item,
    at: datetime,
    *,
    paths: Network | None = None,
    resident_id: str | None = None,
    only_open: bool = False,
) -> Answer:
    """Return the answer, the nearest places first; `only_open`: those that are open at that instant.

    Raises UsageError where no such resident lives there.
    """
    name, qualifies, needs = list(walking.profiles)[-1], None, material.of_anybody(item)
    if resident_id is None:
        reach.everybody(connection, walking, community.code)
    else:
        name, qualifies = _resident(connection, walking, community, item, resident_id)
        reach.alone(connection, walking, resident_id)
        needs = material.of_resident(connection, item, resident_id)
    profile = walking.profiles[name]
    every = reach.points_for(connection, community.code, [item])
    usable = valid(every, item, ANY_TIME, step_free=profile.step_free)
    note = "" if usable else f"{'本市' if item.area == 'city' else '本区县'}没有办这件事的地方，请打 12345"
    if only_open:
        now_open = valid(usable, item, When(at=at))
        note = note or ("" if now_open else "这个时间都不开门，下面是最近的地方和下次开门的时间")
        usable = now_open or usable
    minutes = minutes_to(connection, walking, profile, usable, paths, is_one=resident_id is not None)
    order = sorted(usable, key=lambda each: (minutes.get(each.id, float("inf")), each.community_code != community.code,
                                             each.kind_code, each.id))  # fmt: skip
    if usable and not minutes:
        note = note or "没有坐标或没有能走的路，算不出走多久；先列本社区的地方"
    stops = tuple(_place(each, item, minutes.get(each.id), at) for each in order[:PLACES])
    return Answer(community, item, profile, stops, needs, at, qualifies, note, access.receipt)


def _place(point: Point, item: Item, minutes: float | None, at: datetime) -> Stop:
    grade = point.grade(item)
    return Stop(
        name=point.name,
        kind=code_sets()["service_point_kind"][point.kind_code],
        grade=GRADES[grade] if grade else "",
        hours=opening.wording(point.opening_hours),
        minutes=None if minutes is None else max(1, ceil(minutes)),
        is_step_free=point.is_step_free,
        is_open=opening.is_open(point.opening_hours, at),
        opens=opening.opens(point.opening_hours, at),
    )


def _resident(
    connection: duckdb.DuckDBPyConnection, walking: Walking, community: communities.Place, item: Item, resident_id: str
) -> tuple[str, bool]:
    """Return how a resident walks and whether they may apply."""
    row = connection.execute(
        f"""select {walking.profile_sql}, coalesce({item.sql(item.condition)}, false)
        from governance.resident as resident
        left join governance.household as household on household.household_id = resident.household_id
        cross join standard.business_day as today
        where resident.resident_id = ? and resident.community_code = ? and resident.death_date is null""",
        [resident_id, community.code],
    ).fetchall()
    if not row:
        raise UsageError("这个社区没有这位居民", where="--resident", cure="写人员底册里的人员标识")
    return str(row[0][0]), bool(row[0][1])


def minutes_to(
    connection: duckdb.DuckDBPyConnection,
    walking: Walking,
    profile: Profile,
    usable: Sequence[Point],
    paths: Network | None,
    *,
    is_one: bool,
) -> dict[str, float]:
    """Return point → minutes: of the one resident, or those within which half of the people are there.

    Who cannot get there at all is one of the people; a point that most of them cannot reach has no minutes.
    """
    near = _nearest_few(connection, usable)
    if not near or not _told(connection, is_one=is_one):
        return {}
    each = Sets({(point.id, profile.step_free): row for row, point in enumerate(near)},
                tuple(frozenset({row}) for row in range(len(near))), frozenset(range(len(near))))  # fmt: skip
    reach.measure(connection, walking, near, each, paths)
    found = {}
    for row, point in enumerate(near):
        metres = connection.execute(
            f"""select min(d) from (
                select d, sum(people) over (order by d nulls last, place) as so_far, sum(people) over () as every
                from (select place, d{row} as d, people from reach
                    join (select place, sum(people) as people from walker group by place) using (place)))
            where d is not null and so_far * 2 >= every"""
        ).fetchall()[0][0]
        if metres is not None:
            found[point.id] = profile.minutes(metres)
    return found


def _told(connection: duckdb.DuckDBPyConnection, *, is_one: bool) -> bool:
    """Return whether the minutes may be told: of one who agreed, or of eight and more."""
    people = connection.execute(
        "select coalesce(sum(people), 0) from walker where place in (select place from spot)"
    ).fetchall()[0][0]
    return bool(people) if is_one else int(people) >= THRESHOLD


def _nearest_few(connection: duckdb.DuckDBPyConnection, usable: Sequence[Point]) -> list[Point]:
    """Return the located points nearest to the middle of the spots as the crow flies."""
    middle = connection.execute("select avg(longitude::double), avg(latitude::double) from spot").fetchall()[0]
    if middle[0] is None:
        return []
    longitude, latitude = float(middle[0]), float(middle[1])
    located = [each for each in usable if each.longitude is not None and each.latitude is not None]

    def far(point: Point) -> tuple[float, str]:
        east, north = (point.longitude or 0) - longitude, (point.latitude or 0) - latitude
        return (east * 0.85) ** 2 + north**2, point.id

    return sorted(located, key=far)[:_LOOKED_AT]
