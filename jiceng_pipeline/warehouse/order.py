"""The order in which the tables of a build can be made."""

from collections.abc import Mapping
from graphlib import TopologicalSorter

from jiceng_pipeline.warehouse.table import Table


def ordered(tables: Mapping[str, Table]) -> list[Table]:
    """Return the tables so that each comes after those it reads; the same order every time."""
    known = {name: sorted(table.depends & tables.keys()) for name, table in sorted(tables.items())}
    return [tables[name] for name in TopologicalSorter(known).static_order()]
