"""Judging the rules of one layer: counts from great_expectations and from our own query, which must agree.

A rule that cannot be judged is *broken*: not passed, but no data is called bad. No result holds a value.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import duckdb

from jiceng_pipeline.core import clock, progress
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.quality import counting, tables
from jiceng_pipeline.quality.counting import Broken
from jiceng_pipeline.quality.rule import Layer, Rule, rules

if TYPE_CHECKING:
    from jiceng_pipeline.quality.gx import Judge


@dataclass(frozen=True)
class CheckResult:
    """What became of one rule. `reason` says, where it is broken, why; `sample_keys` are surrogate keys."""

    rule: Rule
    passed: bool
    failed_count: int
    total_count: int
    broken: bool
    sample_keys: tuple[str, ...]
    seconds: float
    reason: str = ""

    @property
    def stops(self) -> bool:
        """Return whether nothing may be published: a blocking rule failed, or could not be judged."""
        return self.rule.blocks and not self.passed


def check(
    connection: duckdb.DuckDBPyConnection,
    layer: Layer,
    settings: Settings,
    catalogue: Mapping[str, Rule] | None = None,
) -> list[CheckResult]:
    """Judge every rule of `layer` and replace its rows in quality.check_result and quality.failure.

    `connection` must not be inside a transaction: uncommitted work would not be seen.
    """
    from jiceng_pipeline.quality import gx  # costs seven seconds, and only those who check pay them

    chosen = [rule for rule in (rules() if catalogue is None else catalogue).values() if rule.layer == layer]
    day = clock.business_date(settings)
    tables.create(connection)
    counting.open_found(connection)
    results = []
    with gx.judge(connection) as judge:
        for done, rule in enumerate(chosen):
            progress.report(progress.Step("check", rule.title, done=done, total=len(chosen)))
            results.append(_checked(connection, judge, rule, day))
    _replace(connection, layer, results)
    return results


def _checked(connection: duckdb.DuckDBPyConnection, judge: "Judge", rule: Rule, day: date) -> CheckResult:
    started = time.perf_counter()
    try:
        ours = counting.find(connection, rule, day)
        theirs = judge(rule, day)
        if ours != theirs:
            raise Broken(
                f"两种数法不一致：本库 {ours.failed}/{ours.total}，great_expectations {theirs.failed}/{theirs.total}"
            )
    except Broken as broken:
        connection.execute("delete from quality_found where rule_id = ?", [rule.id])
        return CheckResult(rule, False, 0, 0, True, (), time.perf_counter() - started, f"{rule.id}：{broken}")
    return CheckResult(
        rule=rule,
        passed=rule.tolerance.covers(ours.failed, ours.total),
        failed_count=ours.failed,
        total_count=ours.total,
        broken=False,
        sample_keys=counting.sample(connection, rule),
        seconds=time.perf_counter() - started,
    )


def _row(each: CheckResult) -> list[object]:
    rule = each.rule
    judged = (each.passed, each.failed_count, each.total_count, each.broken, each.seconds)
    return [rule.id, rule.title, rule.severity, rule.layer, rule.table, *judged]


def _replace(connection: duckdb.DuckDBPyConnection, layer: str, results: Iterable[CheckResult]) -> None:
    """Write one layer's results in one transaction, in place of those it had."""
    connection.execute("begin")
    try:
        for table in ("failure", "failing"):
            connection.execute(
                f"""delete from quality.{table}
                where rule_id in (select rule_id from quality.check_result where layer = ?)""",
                [layer],
            )
        connection.execute("delete from quality.check_result where layer = ?", [layer])
        for each in results:
            connection.execute(f"insert into quality.check_result values ({', '.join('?' * 10)})", _row(each))
        connection.execute(
            """insert into quality.failure
            select rule_id, unnest(record_keys) as record_key, system, element_id from quality_found order by all"""
        )
        connection.execute(
            """insert into quality.failing
            select rule_id, system, failed from quality_found where failed > 0 order by all"""
        )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("drop table quality_found")
