"""服务事项目录: the items in force on a day, one YAML an item and version, found by scanning.

Ours lie in `items/`, an operator's in `services/items/` of the home; the file's name, up to a dot, is the item's id
(`elderly_allowance.yaml`, `elderly_allowance.2.yaml`). The highest version that has begun counts, so a
version that ends withdraws the item from the next day on, at every level at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path

from jiceng_pipeline.core import clock, documents
from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services.item import Item

ITEMS = Path(__file__).with_name("items")
_TELLING = ("code", "name", "department", "legal_basis", "audience", "condition", "places", "time_limit_days")
_REMEMBERED = timedelta(days=31)  # so long a withdrawn item is told of


@dataclass(frozen=True)
class Difference:
    """What one version of an item says otherwise than the one before."""

    item: str
    field: str
    before: str
    now: str


def items(settings: Settings, on: date | None = None) -> Mapping[str, Item]:
    """Return the items in force on a day (the business date), keyed and ordered by id."""
    day = on or clock.business_date(settings)
    newest = (_newest(each, day) for each in _versions(ITEMS, settings.services / "items").values())
    return {each.id: each for each in newest if each and (each.valid_until is None or day <= each.valid_until)}


def ended(settings: Settings, on: date | None = None) -> tuple[Item, ...]:
    """Return the items that ended before a day: whoever has something open about one is to be told."""
    day = on or clock.business_date(settings)
    newest = (_newest(each, day) for each in _versions(ITEMS, settings.services / "items").values())
    return tuple(each for each in newest if each and each.valid_until and each.valid_until < day)


def withdrawn(settings: Settings, on: date | None = None) -> tuple[Item, ...]:
    """Return the items that ended in the month before a day, for everybody who looks for them."""
    day = on or clock.business_date(settings)
    return tuple(each for each in ended(settings, day) if each.valid_until and day - each.valid_until <= _REMEMBERED)


def find(settings: Settings, wanted: str, on: date | None = None) -> Item:
    """Return the item in force with that id, code or name; raise UsageError with the nearest where there is none."""
    known = items(settings, on)
    named = [each for each in known.values() if wanted in {each.id, each.code, each.name}]
    named = named or [each for each in known.values() if wanted and wanted in each.name]
    if len(named) == 1:
        return named[0]
    spelled = {name: each for each in known.values() for name in (each.id, each.name)}
    near = named or [spelled[name] for name in get_close_matches(wanted, spelled, n=3, cutoff=0.4)]
    raise UsageError(
        "有几个事项叫这个名字" if named else "没有这个事项，或者已经停办",
        where=f"事项 {wanted}",
        cure="是不是：" + "、".join(f"{each.id}（{each.name}）" for each in near[:5])
        if near
        else "用 jiceng service list 看全部事项",
    )


def differences(settings: Settings) -> tuple[Difference, ...]:
    """Return what later versions of an item say otherwise in name, basis, conditions, places or time."""
    found: list[Difference] = []
    for versions in _versions(ITEMS, settings.services / "items").values():
        for before, now in pairwise(versions):
            found.extend(
                Difference(now.id, name, str(getattr(before, name)), str(getattr(now, name)))
                for name in _TELLING
                if getattr(before, name) != getattr(now, name)
            )
    return tuple(found)


def _newest(versions: Iterable[Item], day: date) -> Item | None:
    return next((each for each in reversed(tuple(versions)) if each.valid_from <= day), None)


@cache
def _versions(*folders: Path) -> Mapping[str, tuple[Item, ...]]:
    """Return id → its versions, rising; raise DefinitionError where one is there twice or a code has two items."""
    found: dict[str, dict[int, Item]] = {}
    codes: dict[str, str] = {}
    for path in (path for folder in folders for path in documents.files(folder)):
        item = documents.read(path, Item, id=path.name.split(".")[0])
        versions = found.setdefault(item.id, {})
        if item.version in versions:
            raise DefinitionError(f"事项 {item.id} 的第 {item.version} 版写了两次", where=str(path), cure="版本号加一")
        if (other := codes.setdefault(item.code, item.id)) != item.id:
            raise DefinitionError(f"编码 {item.code} 已用于 {other}", where=str(path), cure="换一个编码")
        versions[item.version] = item
    return {name: tuple(each[number] for number in sorted(each)) for name, each in sorted(found.items())}
