"""How many entities bear the name that two records share: a rare name says more."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jiceng_pipeline.matching.model import Matching

LEVELS = ("only", "few", "some", "many")
_FEW, _SOME = 4, 20


def feature(matching: "Matching") -> str:
    """Return the feature whose bearers are counted; SQL null where none is."""
    return next((f"f.{each.features[0]}" for each in matching.comparisons.values() if each.kind == "namesakes"), "null")


def level(entities: str) -> str:
    """Return SQL for the level of a name that so many entities bear."""
    return f"""case when {entities} <= 1 then 1 when {entities} <= {_FEW} then 2
        when {entities} <= {_SOME} then 3 else 4 end"""
