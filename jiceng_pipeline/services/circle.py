"""服务圈图: a community's circle as a plain drawing (SVG): no map below it, no borders, nobody's door."""

from dataclasses import dataclass
from html import escape
from math import cos, radians

import duckdb

from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.services import reach
from jiceng_pipeline.services.coverage import STEP, THRESHOLD
from jiceng_pipeline.services.nearest import degrees_of
from jiceng_pipeline.services.point import Point, points
from jiceng_pipeline.services.walking import Walking

_CELL = 200.0  # metres
_SIZE, _MARGIN = 900, 20
_METRES = 111_195  # a degree of latitude
_SIGNS = {"1": "县", "2": "镇", "3": "村", "4": "银", "5": "邮"}


@dataclass(frozen=True)
class Cell:
    """The middle of 200 metres square in which eight and more people live, rounded to five."""

    longitude: float
    latitude: float
    people: int


@dataclass(frozen=True)
class Circle:
    """Where people of a community live, the points around, and how far as the crow flies a quarter of an hour is."""

    place: Place
    cells: tuple[Cell, ...]
    points: tuple[Point, ...]
    metres: float
    minutes: float

    def svg(self) -> str:
        """Return the drawing; its title and description say in words what it shows."""
        where = [(cell.longitude, cell.latitude) for cell in self.cells]
        where += [(point.longitude or 0, point.latitude or 0) for point in self.points]
        drawn = _Frame.around(where, self.metres if self.points else _CELL)
        shapes = [drawn.dot(cell) for cell in self.cells]
        for point in self.points:
            shapes.extend(drawn.mark(point, self.metres))
        title = escape(f"{self.place.full_name}的服务圈")
        told = escape(
            f"方块是住着 8 人以上的地方，越深住的人越多；圆圈是从网点步行约 {self.minutes:g} 分钟的范围，"
            f"网点有：{'、'.join(point.name for point in self.points) or '没有'}"
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" role="img" '
            f'aria-labelledby="circle-title circle-told"><title id="circle-title">{title}</title>'
            f'<desc id="circle-told">{told}</desc><rect width="{_SIZE}" height="{_SIZE}" fill="#ffffff"/>'
            f"{''.join(shapes)}</svg>"
        )


@dataclass(frozen=True)
class _Frame:
    west: float
    north: float
    scale: float  # pixels a metre
    latitude: float

    @classmethod
    def around(cls, where: list[tuple[float, float]], pad: float) -> "_Frame":
        longitudes, latitudes = ([each[axis] for each in where] or [0.0] for axis in (0, 1))
        latitude = (min(latitudes) + max(latitudes)) / 2
        high, wide = pad / _METRES, pad / (_METRES * cos(radians(latitude)))
        west, east, south, north = (
            min(longitudes) - wide, max(longitudes) + wide, min(latitudes) - high, max(latitudes) + high,
        )  # fmt: skip
        across = max((east - west) * _METRES * cos(radians(latitude)), (north - south) * _METRES)
        return cls(west, north, (_SIZE - 2 * _MARGIN) / across, latitude)

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        east = (longitude - self.west) * _METRES * cos(radians(self.latitude))
        return round(_MARGIN + east * self.scale, 1), round(_MARGIN + (self.north - latitude) * _METRES * self.scale, 1)

    def dot(self, cell: Cell) -> str:
        x, y = self.at(cell.longitude, cell.latitude)
        side = round(_CELL * self.scale * 0.9, 1)
        shade = min(0.85, 0.15 + cell.people / 400)
        return (
            f'<rect x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side}" height="{side}" fill="#1f5f8b" '
            f'fill-opacity="{shade:.2f}"><title>约 {cell.people} 人</title></rect>'
        )

    def mark(self, point: Point, metres: float) -> list[str]:
        x, y = self.at(point.longitude or 0, point.latitude or 0)
        name = escape(point.name)
        return [
            f'<circle cx="{x}" cy="{y}" r="{metres * self.scale:.1f}" fill="none" stroke="#b3261e" stroke-width="2" '
            'stroke-dasharray="8 6"/>',
            f'<circle cx="{x}" cy="{y}" r="15" fill="#b3261e"><title>{name}</title></circle>',
            f'<text x="{x}" y="{y + 6}" font-size="18" text-anchor="middle" fill="#ffffff">'
            f"{_SIGNS.get(point.kind_code, '点')}</text>",
        ]


def circle(connection: duckdb.DuckDBPyConnection, walking: Walking, place: Place) -> Circle:
    """Return a community's circle: cells of people, and the located points of its own."""
    reach.everybody(connection, walking, place.code)
    high = degrees_of(_CELL)
    wide = f"({high} / cos(radians({_middle(connection)})))"
    rows = connection.execute(
        f"""with cell as (
            select floor(longitude::double / {wide}) as x, floor(latitude::double / {high}) as y,
                sum(people)::bigint as people
            from walker join spot using (place) group by x, y
        )
        select (x + 0.5) * {wide}, (y + 0.5) * {high}, people from cell where people >= {THRESHOLD} order by y, x"""
    ).fetchall()
    cells = tuple(Cell(longitude, latitude, STEP * round(people / STEP)) for longitude, latitude, people in rows)
    located = tuple(point for point in points(connection, place.code) if point.is_located)
    slowest = list(walking.profiles.values())[-1]
    return Circle(place, cells, located, slowest.metres(walking.minutes) / walking.detour, walking.minutes)


def _middle(connection: duckdb.DuckDBPyConnection) -> float:
    return float(connection.execute("select coalesce(avg(latitude::double), 32) from spot").fetchall()[0][0])
