"""材料 (materials): what one must bring to an item, and what not, because a register holds it (免提交)."""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.services.item import Item, Material


@dataclass(frozen=True)
class Need:
    """One material: whether it has to be brought, who holds it where not, why where it has to."""

    name: str
    is_brought: bool
    holders: tuple[str, ...] = ()
    why: str = ""


def of_anybody(item: Item) -> tuple[Need, ...]:
    """Return the materials as they are for somebody nobody knows: what registers may hold of such people."""
    return tuple(
        Need(each.name, bool(each.paper), () if each.paper else _registers(each), each.paper) for each in item.materials
    )


def of_resident(connection: duckdb.DuckDBPyConnection, item: Item, resident_id: str) -> tuple[Need, ...]:
    """Return the materials as they are for one resident: free where every element is held, with who holds it."""
    return tuple(_need(connection, each, resident_id) for each in item.materials)


def _need(connection: duckdb.DuckDBPyConnection, material: Material, resident_id: str) -> Need:
    if material.paper:
        return Need(material.name, True, (), material.paper)
    parts = " union all ".join(
        f"""select {place} as place, c.system
        from matching.resident_winner as w
        left join matching.resident_candidate as c on c.entity_id = w.entity_id
            and c.record_id = {_record(f"w.{name}")} and c.{name} is not null
        where w.entity_id = $id"""
        for place, name in enumerate(material.elements)
    )
    systems = [
        system
        for (system,) in connection.execute(
            f"select max(system) from ({parts}) group by place order by place", {"id": resident_id}
        ).fetchall()
    ]
    if len(systems) < len(material.elements) or None in systems:
        return Need(material.name, True, (), "各部门还没有登记齐")
    return Need(material.name, False, _titles(systems))


def _record(column: str) -> str:
    """Return the SQL for the record that won a cell, also where a person froze it."""
    return f"case when starts_with({column}, 'freeze/') then substr({column}, 8) else {column} end"


def _registers(material: Material) -> tuple[str, ...]:
    """Return the systems that hold all its elements or, where none does, those that hold some."""
    wanted = set(material.elements)
    held = {name: wanted & set(contract.columns.values()) for name, contract in contracts().items()}
    whole = [name for name, part in held.items() if part == wanted]
    return _titles(whole or [name for name, part in held.items() if part])


def _titles(systems: Iterable[str]) -> tuple[str, ...]:
    known = contracts()
    return tuple(dict.fromkeys(known[each].owner.name.split()[0] if each in known else "本库" for each in systems))
