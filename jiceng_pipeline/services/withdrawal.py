"""停办 (withdrawal): what is still open about an item that has ended, so that whoever has it on the desk is told.

A case or a task names the item it is about; from the day after the item's last day it is flagged, everywhere at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.handover import Handover
from jiceng_pipeline.ledger.kinds.instruction import Instruction
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.services import catalogue


@dataclass(frozen=True)
class Flag:
    """An open case, with who has it, or a task, with the division it was given to; of an item that has ended."""

    kind: Literal["case", "task"]
    id: str
    title: str
    holder: str
    item: str
    until: date


def flagged(settings: Settings, ledger: Ledger, on: date | None = None) -> Mapping[str, Flag]:
    """Return id → flag of everything that is open on a day about an item that ended before it."""
    ended = {each.id: each for each in catalogue.ended(settings, on)}
    if not ended:
        return {}
    cases = (entry.body for entry in views.standing(ledger, Handover).values())
    tasks = (entry.body for entry in views.standing(ledger, Instruction).values())
    found = [
        Flag("case", each.case_id, each.title, each.holder, item.name, item.valid_until or date.max)
        for each in cases
        if each.step != "close" and (item := ended.get(each.item_id))
    ]
    found += [
        Flag("task", each.instruction_id, each.title, each.scope, item.name, item.valid_until or date.max)
        for each in tasks
        if not each.is_withdrawn and (item := ended.get(each.item_id))
    ]
    return {each.id: each for each in found}
