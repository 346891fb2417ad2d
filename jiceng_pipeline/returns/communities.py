"""The divisions rows may be asked for, by code or by name: communities, and what lies above them."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard import divisions

# how many digits of the twelve name a division of that level
DIGITS: Mapping[str, int] = {"province": 2, "city": 4, "county": 6, "township": 9, "village": 12}


@dataclass(frozen=True)
class Place:
    """A division. `code` is as long as its level asks, 12 digits for a community; `full_name` has what lies above."""

    code: str
    name: str
    full_name: str

    @property
    def is_community(self) -> bool:
        """Say whether it is a village or neighbourhood."""
        return len(self.code) == DIGITS["village"]


@cache
def places(reference: Path) -> Mapping[str, Place]:
    """Read `divisions.csv` of that folder, and what merged communities became: code → place."""
    rows = divisions.listed(reference)
    names = {row["code"]: row["name"] for row in rows}
    found = {}
    for row in rows:
        code = row["code"][: DIGITS[row["level"]]]
        found[code] = Place(code, row["name"], names.get(row["parent_code"], "") + row["name"])
    for merger in divisions.changes(reference):
        code, name = merger["merged_into"], merger["name"]
        found[code] = Place(code, name, names.get(f"{code[:9]}000", "") + name)
    return found


def became(settings: Settings, code: str) -> str:
    """Return the code a community has by the business date: its own, or that of what it was merged into."""
    return divisions.merged(settings).get(code, code)


def find(settings: Settings, wanted: str) -> Place:
    """Return the place with that code (with or without the zeros at its end) or, where only one has it, that name.

    Of a community that was merged with others, what it became is returned. Raise UsageError with the nearest for none.
    """
    known = places(settings.reference)
    if wanted in known:
        return known[became(settings, wanted)]
    named = [each for each in known.values() if wanted in {each.code.ljust(12, "0"), each.name, each.full_name}]
    if len(named) == 1:
        return known[became(settings, named[0].code)]
    near = named or _nearest(wanted, known)
    raise UsageError(
        "有几个社区叫这个名字" if named else "没有这个社区",
        where=f"社区 {wanted}",
        cure="写十二位代码"
        + (f"，例如：{'、'.join(f'{each.code} {each.full_name}' for each in near[:5])}" if near else ""),
    )


def _nearest(wanted: str, known: Mapping[str, Place]) -> list[Place]:
    """Return those whose name holds `wanted`, else those whose code or name is spelled much alike."""
    holding = [each for each in known.values() if wanted and wanted in each.full_name and each.is_community]
    codes = get_close_matches(wanted, known, n=3, cutoff=0.8)
    names = get_close_matches(wanted, {each.name for each in known.values()}, n=3, cutoff=0.6)
    alike = [each for each in known.values() if each.code in codes or each.name in names]
    return holding or sorted(alike, key=lambda each: (each.name not in names[:1], each.code))


def present(settings: Settings) -> Mapping[str, Place]:
    """Return the communities there are on the business date: code → place."""
    elsewhen = {*divisions.merged(settings), *divisions.coming(settings)}
    known = places(settings.reference)
    return {code: each for code, each in known.items() if each.is_community and code not in elsewhen}
