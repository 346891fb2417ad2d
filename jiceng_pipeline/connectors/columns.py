"""Which column of a delivery is which promised one; a column too many or too few stops the system."""

import re
from collections.abc import Iterable, Mapping

from jiceng_pipeline.connectors.base import Source
from jiceng_pipeline.core.errors import SourceRejected

_DIGITS = re.compile(r"\d{4,}")
_NAME_LENGTH, _NAMES = 24, 8


def matched(found: Iterable[str], source: Source, where: str) -> dict[str, str]:
    """Return promised column → the name the source uses for it, known renames applied.

    An optional column that is missing is left out. Raises SourceRejected naming every other column that
    is missing, and what is unknown or there twice.
    """
    ours: dict[str, list[str]] = {}
    for name in found:
        ours.setdefault(source.renames.get(name, name), []).append(name)
    faults = {
        "缺少列": [column for column in source.columns if column not in ours and column not in source.optional],
        "多出列": [name for column, names in ours.items() if column not in source.columns for name in names],
        "重复列": [column for column in source.columns if len(ours.get(column, ())) > 1],
    }
    if 2 * len(faults["缺少列"]) >= len(source.columns):
        # Not this table at all, or its header is gone: what stands there instead may be data.
        del faults["多出列"]
    if any(faults.values()):
        raise SourceRejected(
            "；".join(f"{what} {_listed(names)}" for what, names in faults.items() if names),
            where=where,
            cure="请恢复约定的列名和列；确需改动的，先书面告知，由管理员登记到合同里",
        )
    return {column: ours[column][0] for column in source.columns if column in ours}


def renamed(names: Mapping[str, str]) -> dict[str, str]:
    """Return the note of a delivery that uses known other names, empty where it uses ours."""
    changed = [f"{theirs}→{ours}" for ours, theirs in names.items() if theirs != ours]
    return {"renamed": "、".join(changed)} if changed else {}


def _listed(names: list[str]) -> str:
    """Return a few names, cut short and without long numbers: a broken header may hold data."""
    shown = [_DIGITS.sub("…", name)[:_NAME_LENGTH] for name in names[:_NAMES]]
    more = f" 等 {len(names)} 列" if len(names) > _NAMES else ""
    return "、".join(shown) + more
