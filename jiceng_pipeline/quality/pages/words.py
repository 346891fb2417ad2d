"""Words that several pages use for the same thing."""

from collections.abc import Mapping, Sequence
from datetime import date

from jiceng_pipeline.departments.contract import RHYTHM_DAYS, systems
from jiceng_pipeline.ledger.kinds.inspection import Figures
from jiceng_pipeline.quality.tickets import US

SEVERITY: Mapping[str, str] = {"info": "告知", "warn": "提醒，派单", "block": "必须通过，否则不发布"}
LAYER: Mapping[str, str] = {
    "landing": "原始快照",
    "standard": "标准记录",
    "governance": "治理库",
    "returned": "回流数据集",
}
STATUS: Mapping[str, str] = {"landed": "有新数据", "unchanged": "没有变化", "failed": "没有送达", "never": "从未送达"}
RHYTHM: Mapping[str, str] = {"daily": "每天", "weekly": "每周", "monthly": "每月", "yearly": "每年"}


def system(name: str) -> str:
    """Return what people call a system."""
    contract = systems().get(name)
    return contract.title if contract else US


def owner(name: str) -> str:
    """Return who answers for a system."""
    contract = systems().get(name)
    return contract.owner.name if contract else US


def day(when: date) -> str:
    """Return a day as a plot's label."""
    return f"{when:%m-%d}"


def is_late(name: str, told: Figures, until: date) -> bool:
    """Say whether a system's data is out of date: it did not deliver, and what stands is older than its rhythm."""
    contract = systems().get(name)
    if contract is not None and contract.is_collected:
        return False
    if told.snapshot_date is None:
        return True
    if contract is None or told.status in {"landed", "unchanged"}:
        return False
    return (until - told.snapshot_date).days > RHYTHM_DAYS[contract.rhythm]


def says(values: Sequence[int], unit: str) -> str:
    """Return what a series says, in a sentence."""
    if not values:
        return "还没有数"
    first, last, most = values[0], values[-1], max(values)
    if first == last == most:
        return f"一直是 {last:,} {unit}。"
    return f"从 {first:,} {unit}到 {last:,} {unit}" + (f"，最多 {most:,} {unit}。" if most > max(first, last) else "。")
