"""One shape for every system: `standard.<entity>_record`, all systems' records of one kind of entity."""

from collections.abc import Iterable

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import collected
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import elements_of

# of the entities that are reconciled: matching looks at what was typed where the number itself is not valid
RAW = {"resident": "citizen_id", "enterprise": "unified_social_credit_code"}

_IDENTITY = ("record_id", "system", "department", "first_landed", "landed_date", "is_current")


def columns(entity: str) -> tuple[str, ...]:
    """Return the columns of `standard.<entity>_record`."""
    raw = (f"{RAW[entity]}_raw",) if entity in RAW else ()
    return (*_IDENTITY, *(each.id for each in elements_of(entity)), *raw)


def entity_select(entity: str, contracts: Iterable[Contract]) -> str:
    """Return the union of the systems that hold `entity`, in no order; null where a system lacks an element."""
    parts = [
        collected.record_select(entity, contract, RAW.get(entity)) if contract.is_collected else _part(entity, contract)
        for contract in contracts
        if contract.entity == entity
    ]
    return " union all ".join(parts)


def _part(entity: str, contract: Contract) -> str:
    held = register.held(contract.columns.values())
    cells = [f"{each.id if each.id in held else 'null'}::{each.sql_type} as {each.id}" for each in elements_of(entity)]
    if raw := RAW.get(entity):
        cells.append(f"{f'coalesce({raw}_raw, {raw})' if raw in held else 'null'}::varchar as {raw}_raw")
    return f"""select record_id, system, {literal(contract.department)} as department, first_landed, landed_date,
        is_current, {", ".join(cells)} from standard.{contract.table}"""
