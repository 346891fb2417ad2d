"""实施清单 (the list as it is given out): every item of a region with where it is handled and what to bring.

One document for whoever prints, compares or feeds it to another system: as JSON it nests, as a workbook it has a
sheet of items, one of places and one of materials.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import xlsxwriter

from jiceng_pipeline.returns.communities import Place
from jiceng_pipeline.services import material, opening
from jiceng_pipeline.services.item import GRADES, Item
from jiceng_pipeline.services.material import Need
from jiceng_pipeline.services.point import Point
from jiceng_pipeline.standard.code_sets import code_sets

_ITEM = ("编码", "事项", "部门", "依据", "谁能办", "几个工作日", "可以代办", "渠道", "版本", "起", "止")
_DESK = ("编码", "事项", "网点", "种类", "社区代码", "社区", "怎样办", "开门时间", "没有台阶")
_MATERIAL = ("编码", "事项", "材料", "要带吗", "谁有", "为什么要带")
_WIDTHS = (10, 30, 26, 26, 26, 14, 12, 34, 10, 12, 12)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Desk:
    """One place where an item is handled, in words; `is_step_free` is None where nobody has told."""

    name: str
    kind: str
    community_code: str
    community: str
    grade: str
    hours: str
    is_step_free: bool | None


@dataclass(frozen=True)
class Entry:
    """One item with its places in the region and its materials with who holds them."""

    item: Item
    desks: tuple[Desk, ...]
    materials: tuple[Need, ...]


@dataclass(frozen=True)
class Listing:
    """The list of a region, of one version."""

    place: Place
    entries: tuple[Entry, ...]
    version: str
    receipt: str


def entries(items: Sequence[Item], points: Sequence[Point], places: Mapping[str, Place]) -> tuple[Entry, ...]:
    """Return every item with the points that handle it, items by department and code, points by community."""
    order = sorted(points, key=lambda point: (point.community_code or "", point.kind_code, point.code))
    return tuple(
        Entry(
            item, tuple(_desk(point, item, places) for point in order if point.grade(item)), material.of_anybody(item)
        )
        for item in sorted(items, key=lambda each: (each.department, each.code))
    )


def plain(listing: Listing) -> dict[str, Any]:
    """Return it as JSON has it."""
    return {
        "scope": listing.place.code,
        "place": listing.place.full_name,
        "version": listing.version,
        "receipt": listing.receipt,
        "items": [
            {
                **each.item.model_dump(mode="json", exclude={"materials", "places", "condition", "holds"}),
                "places": [asdict(desk) for desk in each.desks],
                "materials": [asdict(need) for need in each.materials],
            }
            for each in listing.entries
        ],
    }


def workbook(listing: Listing) -> bytes:
    """Return it as a workbook, every cell a text, so that nothing becomes a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _OPTIONS)
    book.set_properties({"title": f"{listing.place.full_name} 办事清单", "subject": listing.receipt})
    head = book.add_format({"bold": True, "bg_color": "#DDE7F0", "border": 1})
    for title, names, rows in (
        ("事项", _ITEM, [_item(each.item) for each in listing.entries]),
        ("网点", _DESK, [_own(each.item, _place(desk)) for each in listing.entries for desk in each.desks]),
        ("材料", _MATERIAL, [_own(each.item, _need(need)) for each in listing.entries for need in each.materials]),
    ):
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 2)
        for column, name in enumerate(names):
            sheet.set_column(column, column, _WIDTHS[column])
            sheet.write_string(0, column, name, head)
        for row, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell)
    book.close()
    return buffer.getvalue()


def _desk(point: Point, item: Item, places: Mapping[str, Place]) -> Desk:
    code, grade = point.community_code or "", point.grade(item)
    return Desk(
        name=point.name,
        kind=code_sets()["service_point_kind"][point.kind_code],
        community_code=code,
        community=places[code].name if code in places else "",
        grade=GRADES[grade] if grade else "",
        hours=opening.wording(point.opening_hours),
        is_step_free=point.is_step_free,
    )


def _item(item: Item) -> tuple[str, ...]:
    return (
        item.code, item.name, item.department, item.legal_basis, item.audience, str(item.time_limit_days),
        _yes(item.proxy), "、".join(item.channels), str(item.version), str(item.valid_from),
        str(item.valid_until or ""),
    )  # fmt: skip


def _own(item: Item, cells: tuple[str, ...]) -> tuple[str, ...]:
    return (item.code, item.name, *cells)


def _place(desk: Desk) -> tuple[str, ...]:
    return (
        desk.name, desk.kind, desk.community_code, desk.community, desk.grade, desk.hours,
        "" if desk.is_step_free is None else _yes(desk.is_step_free),
    )  # fmt: skip


def _need(need: Need) -> tuple[str, ...]:
    return (need.name, "要带" if need.is_brought else "免交", "、".join(need.holders), need.why)


def _yes(told: bool) -> str:
    return "是" if told else "否"
