"""Which columns of a dataset a page shows first; the file one downloads has them all."""

from collections.abc import Iterable, Sequence

from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.standard.register import Element

_FEW = 6
_NEVER = {
    "community_code", "community_name", "entity_id", "element_id", "dataset", "system_count", "source_systems",
    "source_date",
}  # fmt: skip
_FIRST = (
    "subject_name", "name", "head_name", "enterprise_name", "standard_address", "element_title", "change_code",
    "sex_code", "birth_date", "present_value", "present_system", "other_values", "dwelling_address",
    "household_address", "business_address", "phone", "head_phone", "member_count", "living_count", "tags",
    "is_living_alone", "enterprise_status_code", "changed_elements", "owner_names", "is_vacant",
)  # fmt: skip
KEYS = {"resident_id": "resident", "enterprise_id": "enterprise", "household_id": "household"}


def shown(cut: Cut) -> Sequence[Element]:
    """Return the few columns a list has room for: what people look for first, nothing that is hidden or a key."""
    open_ones = [
        each for each in cut.elements if each.id not in _NEVER | set(KEYS) and not cut.is_empty(each)
    ]  # fmt: skip
    ranked = sorted(open_ones, key=lambda each: _FIRST.index(each.id) if each.id in _FIRST else len(_FIRST))
    return ranked[:_FEW]


def key(cut: Cut) -> tuple[str, str] | None:
    """Return (column, entity) of what a row is about, None where rows have no page of their own."""
    names = [each.id for each in cut.elements]
    return next(((column, entity) for column, entity in KEYS.items() if column in names), None)


def in_order(datasets: Iterable[Dataset]) -> Sequence[Dataset]:
    """Return the datasets as people look for them: people, households, dwellings, enterprises, then the rest."""
    known = ("resident_register", "household_register", "dwelling_register", "enterprise_register")
    return sorted(datasets, key=lambda each: (known.index(each.name) if each.name in known else len(known), each.name))
