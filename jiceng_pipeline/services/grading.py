"""办理层级: for each township how many items are handled there and how, and what is listed there without a desk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.services.item import DONE, KINDS, Grade, Item, Kind
from jiceng_pipeline.services.point import Point

TOWNSHIP = 9  # digits of a township's code
_LOCAL: tuple[Kind, ...] = ("township_hall", "village_station")  # what a township's own list of items names


@dataclass(frozen=True)
class Grading:
    """One township: items by the best grade its own points handle them at, and those listed without a desk."""

    township_code: str
    grades: dict[Grade, int]
    without_desk: tuple[str, ...]


def gradings(points: Iterable[Point], items: Sequence[Item], places: Iterable[Place]) -> list[Grading]:
    """Return a grading of every township among the places; one without communities lists nothing."""
    known = tuple(places)
    peopled = {place.code[:TOWNSHIP] for place in known if place.is_community}
    of: dict[str, list[Point]] = {place.code: [] for place in known if len(place.code) == TOWNSHIP}
    for point in points:
        if (code := (point.community_code or "")[:TOWNSHIP]) in of:
            of[code].append(point)
    return [_grading(code, found, items if code in peopled else ()) for code, found in sorted(of.items())]


def _grading(code: str, points: Sequence[Point], items: Sequence[Item]) -> Grading:
    order = (*DONE, "consult")
    counted: Counter[Grade] = Counter()
    lacking = []
    for item in items:
        done = {point.grade(item) for point in points}
        if best := next((grade for grade in order if grade in done), None):
            counted[best] += 1
        local = {item.places[kind] for kind in _LOCAL if kind in item.places}
        kinds = {KINDS[kind] for kind in _LOCAL if item.places.get(kind) in DONE}
        is_listed = any(grade in DONE for grade in local)
        if is_listed and not any(point.kind_code in kinds and point.grade(item) in DONE for point in points):
            lacking.append(item.id)
    return Grading(code, dict(counted), tuple(lacking))
