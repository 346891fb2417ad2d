"""Where each column of a form stands in a version: among who is listed, the governed values, or the winning ones."""

import duckdb

from jiceng_pipeline.forms import settled
from jiceng_pipeline.forms.definition import Column, Form
from jiceng_pipeline.warehouse.connection import identifier


class Tables:
    """Which columns the version has, so where each of a form's comes from."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, form: Form) -> None:
        entity = form.rows.entity
        self._derived = form.rows.derives
        self._governed = _columns(connection, f"governance.{entity}")
        self._golden = _columns(connection, f"matching.{entity}_golden")
        self._winner = _columns(connection, f"matching.{entity}_winner")
        self.settled = settled.left_out(connection, entity)

    def cell(self, column: Column) -> str:
        """Return SQL: the value of a column."""
        name = column.element
        if name in self._derived:
            return f"who.{identifier(name)}"
        if name in self._governed:
            return f"governed.{identifier(name)}"
        return f"golden.{identifier(name)}" if name in self._golden else f"cast(null as {column.of.sql_type})"

    def won(self, column: Column) -> str | None:
        """Return SQL: the record whose value a column shows; None where it was derived or nobody holds it."""
        name = column.element
        if name in self._derived or name not in self._winner:
            return None
        # where nobody says it, the number does
        told = name in {"sex_code", "birth_date"}
        return f"coalesce(winner.{name}, winner.citizen_id)" if told else f"winner.{identifier(name)}"


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
    return frozenset(name for name, *_ in connection.execute(f"describe {table}").fetchall())
