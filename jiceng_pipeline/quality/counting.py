"""Our own query for rules that look at the same rows: how many fail, by whose hand, and which; set-based, one pass."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.quality.expectation import RowCount
from jiceng_pipeline.quality.rule import Rule
from jiceng_pipeline.standard.macro import literal

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

    def __str__(self) -> str:
        return f"{self.failed}/{self.total}"


def open_found(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary table that collects what `find` finds."""
    connection.execute(
        """create or replace temp table quality_found (
        rule_id varchar, element_id varchar, system varchar, failed bigint, record_keys varchar[])"""
    )


def find(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], day: date, known: Collection[str]
) -> Mapping[str, Count | Broken]:
    """Count the failing rows of rules that look at the same rows and keep their keys in `quality_found`.

    A rule that cannot run is told as Broken, under its id, beside the counts of the others. `known` are the names
    of the tables there are.
    """
    told: dict[str, Count | Broken] = {}
    for rule in rules:
        missing = [table for table in rule.tables if table not in known]
        if missing:
            told[rule.id] = Broken(f"没有表 {missing[0]}")
    whole = [rule for rule in rules if rule.id not in told]
    try:
        told |= _found(connection, whole, day) if whole else {}
    except duckdb.Error:
        # one of them breaks the query of all: each on its own, so that it breaks nobody else
        for rule in whole:
            told[rule.id] = _alone(connection, rule, day)
    return told


def forget(connection: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Drop what was found of a rule that turned out to be broken."""
    connection.execute("delete from quality_found where rule_id = ?", [rule.id])


def by_owner(rules: Sequence[Rule], day: date) -> str:
    """Return the select of failing rows as (rule_id, element_id, system, failed, record_keys), by rule and system.

    The rules look at the same rows, which are read once for all of them.
    """
    flags = ", ".join(f"not {rule.good(day)} as fails_{at}" for at, rule in enumerate(rules))
    failing = " or ".join(f"fails_{at}" for at in range(len(rules)))
    each = ", ".join(f"case when fails_{at} then {_failure(rule)} end" for at, rule in enumerate(rules))
    return f"""select failure.rule_id, failure.element_id, failure.system, count(*) as failed,
        min(failure.key, {KEPT_KEYS}) as record_keys
        from (
            select unnest([{each}]) as failure
            from (select *, {flags} from {rules[0].source(day)} as judged) where {failing})
        where failure is not null group by all"""


def _failure(rule: Rule) -> str:
    element = literal(rule.element) if rule.element else "null"
    return f"""{{'rule_id': {literal(rule.id)}, 'element_id': cast({element} as varchar), 'system': {rule.owner_sql},
        'key': coalesce(cast({rule.key} as varchar), '')}}"""


def _alone(connection: duckdb.DuckDBPyConnection, rule: Rule, day: date) -> Count | Broken:
    try:
        return _found(connection, [rule], day)[rule.id]
    except duckdb.Error as error:
        return Broken(f"规则的 SQL 不能执行：{_safe(error)}")


def _found(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], day: date) -> dict[str, Count | Broken]:
    by_row = [rule for rule in rules if not isinstance(rule.expectation, RowCount)]
    if by_row:
        connection.execute(f"insert into quality_found {by_owner(by_row, day)}")
    total: int = connection.execute(f"select count(*) from {rules[0].source(day)} as judged").fetchall()[0][0]
    for rule in rules:
        if isinstance(rule.expectation, RowCount) and not rule.expectation.holds(total):
            connection.execute(
                "insert into quality_found values (?, ?, ?, 1, [''])", [rule.id, rule.element, rule.owner]
            )
    found = connection.execute("select rule_id, sum(failed) from quality_found group by rule_id").fetchall()
    failed = {rule_id: int(count) for rule_id, count in found}
    return {rule.id: Count(failed.get(rule.id, 0), total) for rule in rules}


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
