"""Judging the rules of one layer: counts from great_expectations and from our own query, which must agree.

A rule that cannot be judged is *broken*: not passed, but no data is called bad. No result holds a value.
"""

import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any

import duckdb

from jiceng_pipeline.core import clock, progress
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.quality import counting, late, tables
from jiceng_pipeline.quality.counting import Broken, Count
from jiceng_pipeline.quality.rule import Layer, Rule, rules

if TYPE_CHECKING:
    from jiceng_pipeline.quality.gx import Judge

_LOADING = threading.Lock()


@dataclass(frozen=True)
class CheckResult:
    """What became of one rule. `reason` says, where it is broken, why; `sample_keys` are surrogate keys.

    `seconds` is its share of what judging took all rules that look at the same rows.
    """

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


def prepare() -> None:
    """Begin to load great_expectations, which takes a processor seconds, beside what is done meanwhile."""
    if "great_expectations" not in sys.modules:
        threading.Thread(target=_prepared, name="great_expectations").start()


def _prepared() -> None:
    with suppress(Exception):  # who judges with it is told why it does not load
        _great_expectations()


def _great_expectations() -> Any:
    with _LOADING:
        late.postpone("scipy.stats")  # a third of what loading costs, for tests nobody here asks for
        return import_module("jiceng_pipeline.quality.gx")


def check(
    connection: duckdb.DuckDBPyConnection,
    layer: Layer,
    settings: Settings,
    catalogue: Mapping[str, Rule] | None = None,
) -> list[CheckResult]:
    """Judge every rule of `layer` and replace its rows in quality.check_result and quality.failure.

    `connection` must not be inside a transaction: uncommitted work would not be seen.
    """
    gx = _great_expectations()  # costs seconds, and only those who check pay them
    chosen = [rule for rule in (rules() if catalogue is None else catalogue).values() if rule.layer == layer]
    day = clock.business_date(settings)
    tables.create(connection)
    counting.open_found(connection)
    results: dict[str, CheckResult] = {}
    known = tables.existing(connection)
    with gx.judge(connection, chosen, day) as judge:
        for together in _by_source(chosen, day):
            progress.report(progress.Step("check", together[0].title, done=len(results), total=len(chosen)))
            results |= {each.rule.id: each for each in _checked(connection, judge, together, day, known)}
    ordered = [results[rule.id] for rule in chosen]
    _replace(connection, layer, ordered)
    return ordered


def _by_source(chosen: Iterable[Rule], day: date) -> Iterable[list[Rule]]:
    """Group the rules that look at the same rows: those are read once for all of them."""
    grouped: dict[str, list[Rule]] = {}
    for rule in chosen:
        grouped.setdefault(rule.source(day), []).append(rule)
    return grouped.values()


def _checked(
    connection: duckdb.DuckDBPyConnection, judge: "Judge", together: list[Rule], day: date, known: Collection[str]
) -> Iterator[CheckResult]:
    started = time.perf_counter()
    runnable = [rule for rule in together if all(table in known for table in rule.tables)]
    theirs = judge(runnable) if runnable else {}
    # of a rule that great_expectations counts by our own predicate there is nothing left to find where none fails
    sound = {rule.id: theirs[rule.id] for rule in runnable if rule.is_counted_once and _is_sound(theirs[rule.id])}
    ours = {**sound, **counting.find(connection, [rule for rule in together if rule.id not in sound], day, known)}
    seconds = (time.perf_counter() - started) / len(together)
    for rule in together:
        yield _result(connection, rule, ours[rule.id], theirs.get(rule.id), seconds)


def _is_sound(told: Count | Broken) -> bool:
    return isinstance(told, Count) and told.failed == 0


def _result(
    connection: duckdb.DuckDBPyConnection,
    rule: Rule,
    ours: Count | Broken,
    theirs: Count | Broken | None,
    seconds: float,
) -> CheckResult:
    broken = next((each for each in (ours, theirs) if isinstance(each, Broken)), None)
    if broken is None and ours != theirs:
        broken = Broken(f"两种数法不一致：本库 {ours}，great_expectations {theirs}")
    if broken is not None or not isinstance(ours, Count):
        counting.forget(connection, rule)
        return CheckResult(rule, False, 0, 0, True, (), seconds, f"{rule.id}：{broken}")
    return CheckResult(
        rule=rule,
        passed=rule.tolerance.covers(ours.failed, ours.total),
        failed_count=ours.failed,
        total_count=ours.total,
        broken=False,
        sample_keys=counting.sample(connection, rule) if ours.failed else (),
        seconds=seconds,
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
        rows = [_row(each) for each in results]
        if rows:
            values = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
            connection.execute(f"insert into quality.check_result values {values}", list(chain.from_iterable(rows)))
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
