"""Our own query for a rule: how many rows fail, by whose hand, and which; set-based, one pass."""

from dataclasses import dataclass
from datetime import date

import duckdb

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.quality.expectation import RowCount
from jiceng_pipeline.quality.rule import Rule
from jiceng_pipeline.quality.tables import existing

# Keys kept per rule and owning system, smallest first; the true count is in quality.check_result.
KEPT_KEYS = 10_000
SHOWN_KEYS = 20

# These name tables, columns and functions only: they are raised before any row is read.
_HARMLESS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


class Broken(JicengError):
    """The rule itself cannot be judged; the text is safe to show."""


@dataclass(frozen=True)
class Count:
    """Rows that fail, of the rows looked at."""

    failed: int
    total: int


def open_found(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary table that collects what `find` finds."""
    connection.execute(
        """create or replace temp table quality_found (
        rule_id varchar, element_id varchar, system varchar, failed bigint, record_keys varchar[])"""
    )


def find(connection: duckdb.DuckDBPyConnection, rule: Rule, day: date) -> Count:
    """Count a rule's failing rows and keep their keys in `quality_found`; raise Broken where it cannot run."""
    missing = [table for table in rule.tables if table not in existing(connection)]
    if missing:
        raise Broken(f"没有表 {missing[0]}")
    try:
        return _find(connection, rule, day)
    except duckdb.Error as error:
        raise Broken(f"规则的 SQL 不能执行：{_safe(error)}") from None


def by_owner(rule: Rule, day: date) -> str:
    """Return the select of (system, failed, record_keys) over the failing rows, one row a system."""
    return f"""select {rule.owner_sql} as system, count(*) as failed,
        min(coalesce(cast({rule.key} as varchar), ''), {KEPT_KEYS}) as record_keys
        from {rule.source(day)} as judged where not {rule.good(day)} group by all"""


def _find(connection: duckdb.DuckDBPyConnection, rule: Rule, day: date) -> Count:
    total: int = connection.execute(f"select count(*) from {rule.source(day)} as judged").fetchall()[0][0]
    if isinstance(rule.expectation, RowCount):
        failed = int(not rule.expectation.holds(total))
        if failed:
            connection.execute(
                "insert into quality_found values (?, ?, ?, 1, [''])", [rule.id, rule.element, rule.owner]
            )
        return Count(failed, total)
    connection.execute(
        f"insert into quality_found select ?, ?, system, failed, record_keys from ({by_owner(rule, day)})",
        [rule.id, rule.element],
    )
    failed = connection.execute(
        "select coalesce(sum(failed), 0) from quality_found where rule_id = ?", [rule.id]
    ).fetchall()[0][0]
    return Count(int(failed), total)


def sample(connection: duckdb.DuckDBPyConnection, rule: Rule) -> tuple[str, ...]:
    """Return a few of the failing keys, smallest first."""
    found = connection.execute(
        f"""select key from (select unnest(record_keys) as key from quality_found where rule_id = ?)
        where key <> '' order by key limit {SHOWN_KEYS}""",
        [rule.id],
    ).fetchall()
    return tuple(key for (key,) in found)


def _safe(error: duckdb.Error) -> str:
    first = str(error).splitlines()[0]
    return first[:200] if isinstance(error, _HARMLESS) else redacted(first)
