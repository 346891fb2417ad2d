"""The communities there are, by code or by name, from the reference list of divisions."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings


@dataclass(frozen=True)
class Community:
    """A village or neighbourhood; `full_name` has its township in front."""

    code: str
    name: str
    full_name: str


@cache
def communities(reference: Path) -> Mapping[str, Community]:
    """Read `divisions.csv` of that folder, and what merged ones became: code → community."""
    rows = _read(reference / "divisions.csv")
    names = {row["code"]: row["name"] for row in rows}
    found = {
        row["code"]: Community(row["code"], row["name"], names.get(row["parent_code"], "") + row["name"])
        for row in rows
        if row["level"] == "village"
    }
    for row in _read(reference / "division_changes.csv"):
        township = names.get(f"{row['merged_into'][:9]}000", "")
        found[row["merged_into"]] = Community(row["merged_into"], row["name"], township + row["name"])
    return found


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(documents.read_text(path).splitlines()))


def _now(settings: Settings, community: Community) -> Community:
    """Return what a community became, where it was merged by the business date."""
    today = business_date(settings).isoformat()
    for row in _read(settings.reference / "division_changes.csv"):
        if row["code"] == community.code and row["date"] <= today:
            return communities(settings.reference)[row["merged_into"]]
    return community


def find(settings: Settings, wanted: str) -> Community:
    """Return the community with that code or, where only one has it, that name; else UsageError.

    Of one that was merged with others, what it became is returned.
    """
    known = communities(settings.reference)
    named = [each for each in known.values() if wanted in {each.code, each.name, each.full_name}]
    if len(named) == 1:
        return _now(settings, named[0])
    near = named or _nearest(wanted, known)
    raise UsageError(
        "有几个社区叫这个名字" if named else "没有这个社区",
        where=f"社区 {wanted}",
        cure="写十二位代码"
        + (f"，例如：{'、'.join(f'{each.code} {each.full_name}' for each in near[:5])}" if near else ""),
    )


def _nearest(wanted: str, known: Mapping[str, Community]) -> list[Community]:
    """Return those whose name holds `wanted`, else those whose code or name is spelled much alike."""
    holding = [each for each in known.values() if wanted and wanted in each.full_name]
    codes = get_close_matches(wanted, known, n=3, cutoff=0.8)
    names = get_close_matches(wanted, {each.name for each in known.values()}, n=3, cutoff=0.6)
    alike = [each for each in known.values() if each.code in codes or each.name in names]
    return holding or sorted(alike, key=lambda each: (each.name not in names[:1], each.code))
