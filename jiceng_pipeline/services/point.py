"""服务网点: the points of a published version, and which of them really do an item, then and for whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from jiceng_pipeline.services import opening
from jiceng_pipeline.services.item import DONE, KINDS, Grade, Item

_KIND_OF = {code: kind for kind, code in KINDS.items()}
_COLUMNS = """service_point_id, service_point_code, service_point_name, service_point_kind_code, community_code,
    service_point_longitude::double, service_point_latitude::double, is_step_free, opening_hours, items_not_handled"""


@dataclass(frozen=True)
class Point:
    """One service point; what nobody has told is None."""

    id: str
    code: str
    name: str
    kind_code: str
    community_code: str | None
    longitude: float | None
    latitude: float | None
    is_step_free: bool | None
    opening_hours: str | None
    items_not_handled: str | None

    @property
    def is_located(self) -> bool:
        """Return whether its coordinates are known."""
        return self.longitude is not None and self.latitude is not None

    def grade(self, item: Item) -> Grade | None:
        """Return what this point does of an item; None: nothing."""
        kind = _KIND_OF.get(self.kind_code)
        withheld = (self.items_not_handled or "").split(",")
        return None if kind is None or item.id in withheld else item.places.get(kind)


@dataclass(frozen=True)
class When:
    """When one wants to go: on a day, at an instant, or whenever a point is open at all (neither)."""

    day: date | None = None
    at: datetime | None = None

    def fits(self, point: Point) -> bool:
        """Return whether the point is open then; where its hours are not known it is not."""
        if self.at is not None:
            return opening.is_open(point.opening_hours, self.at)
        if self.day is not None:
            return bool(opening.on(point.opening_hours, self.day))
        return any(opening.week(point.opening_hours))


ANY_TIME = When()


def points(connection: duckdb.DuckDBPyConnection, scope: str = "") -> tuple[Point, ...]:
    """Return the points whose community's code begins with `scope`, in the order of their ids."""
    rows = connection.execute(
        f"""select {_COLUMNS} from governance.service_point
        where starts_with(coalesce(community_code, ''), ?) order by service_point_id""",
        [scope],
    ).fetchall()
    return tuple(Point(*row) for row in rows)


def valid(every: Iterable[Point], item: Item, when: When = ANY_TIME, *, step_free: bool = False) -> tuple[Point, ...]:
    """Return the points at which an item is really done then, and that one gets into.

    A point that only consults, does not handle this item, is closed, or (where `step_free`) is not known to be
    without steps does not count. It may lack coordinates.
    """
    return tuple(
        point
        for point in every
        if point.grade(item) in DONE and when.fits(point) and (point.is_step_free is True or not step_free)
    )
