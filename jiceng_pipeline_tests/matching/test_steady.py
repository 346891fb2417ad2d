"""Which cells may have a history: all but those that one record says alike from its entity's first day until now."""

import pytest

from jiceng_pipeline.matching import steady
from jiceng_pipeline.warehouse.connection import connect

FIRST, THEN, NOW = "date '2026-09-01'", "date '2026-09-10'", "date '2026-09-20'"
CHANGED = [("a", FIRST, THEN, "'1'", "'x'"), ("a", THEN, "null", "'2'", "'x'")]


@pytest.mark.parametrize(
    ("contents", "is_frozen", "unsteady"),
    [
        ([("a", FIRST, "null", "'1'", "null")], False, []),
        (CHANGED, False, ["phone"]),
        (CHANGED, True, ["phone", "name"]),
        ([*CHANGED, ("b", THEN, "null", "null", "'x'")], False, ["phone"]),
        ([*CHANGED, ("b", THEN, "null", "null", "'y'")], False, ["phone", "name"]),
        ([("a", FIRST, THEN, "'1'", "'x'"), ("a", NOW, "null", "'1'", "'x'")], False, ["phone", "name"]),
        ([("a", FIRST, THEN, "'1'", "null"), ("a", THEN, "null", "'1'", "'x'")], False, ["name"]),
        ([("a", FIRST, THEN, "'1'", "'x'"), ("b", THEN, "null", "'1'", "'x'")], False, ["phone", "name"]),
        ([("a", FIRST, THEN, "'1'", "'x'")], False, ["phone", "name"]),
    ],
    ids=["once", "changed", "frozen", "agrees", "disagrees", "away", "later", "other", "gone"],
)
def test_what_one_record_says_throughout_has_no_history(tmp_path, contents, is_frozen, unsteady):
    rows = ", ".join(f"(7, {', '.join((repr(record), *told))})" for record, *told in contents)
    with connect(tmp_path / "build.duckdb") as connection:
        connection.execute(
            f"""create temp table began as select 'e' as entity_id, {FIRST} as began, 7 as number;
            create temp table span (number int, record_id text, from_date date, to_date date, phone text, name text);
            insert into span values {rows};
            create schema matching;
            create table matching.frozen_cell as select 'resident' as entity, 'e' as entity_id where {is_frozen}"""
        )
        found = steady.create_unsteady(connection, "resident", {"phone": "phone", "name": "name"})
        assert found == unsteady
        assert {cell for cell in unsteady if connection.execute(
            f"select 1 from span as c where {steady.among(cell)}").fetchall()} == set(unsteady)  # fmt: skip
