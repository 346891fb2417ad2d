"""great_expectations on our own DuckDB connection: it judges rules through SQL and tells counts, nothing else.

It and `gx_counts` alone import it (seconds), so it is itself imported late, by `quality/run.py`. No data docs, no
files, no result that holds a value: rows stay in DuckDB.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import great_expectations
import sqlalchemy
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.quality import dialect, gx_counts
from jiceng_pipeline.quality.counting import Broken, Count
from jiceng_pipeline.quality.expectation import RowCount
from jiceng_pipeline.quality.rule import Rule

# the counts of rules that look at the same rows, by their ids, and why one cannot be judged
Judge = Callable[[Sequence[Rule]], Mapping[str, Count | Broken]]


@contextmanager
def judge(connection: duckdb.DuckDBPyConnection, chosen: Iterable[Rule], day: date) -> Iterator[Judge]:
    """Yield a function that has great_expectations judge those of the chosen rules that look at the same rows.

    What `connection` has not committed is not seen.
    """
    ours = dialect.OwnConnection(connection)
    # all at once: each that is added later has it write all of them anew as YAML, to nowhere
    assets = [
        {"name": source, "type": "query", "query": f"select * from {source} as judged"}
        for source in dict.fromkeys(rule.source(day) for rule in chosen)
    ]
    with _quiet():
        try:
            context = great_expectations.get_context(
                mode="ephemeral",
                project_config=DataContextConfig(
                    # its default makes a temporary folder for data docs at every call
                    store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
                    progress_bars={"globally": False},
                    analytics_enabled=False,
                ),
            )
            build = context.data_sources.add_sql(
                "build",
                connection_string=dialect.address(),
                create_temp_table=False,
                kwargs={"creator": lambda: ours, "poolclass": sqlalchemy.pool.StaticPool},
                assets=assets,
            )
            yield lambda rules: _judged(build, rules, day)
        finally:
            ours.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Its log quotes failing statements and their data; its telemetry, where a version has any, stays off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    log = logging.getLogger("great_expectations")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)


def _judged(build: Any, rules: Sequence[Rule], day: date) -> Mapping[str, Count | Broken]:
    """Judge all of them in one go; where that errors, each on its own, so that it breaks nobody else."""
    try:
        asset = build.get_asset(rules[0].source(day))
        batch = asset.get_batch(asset.build_batch_request())
    except Exception as error:
        return {rule.id: _broken(error) for rule in rules}
    told = _told(batch, rules, {rule.id: gx_counts.expectation(rule, day) for rule in rules})
    if len(rules) > 1:
        for rule in [rule for rule in rules if isinstance(told[rule.id], Broken)]:
            told |= _told(batch, [rule], {rule.id: gx_counts.expectation(rule, day)})
    for rule in rules:
        first, exact = told[rule.id], gx_counts.exact(rule)
        if exact is not None and isinstance(first, Count) and first.failed:
            told |= _told(batch, [rule], {rule.id: exact})
    return told


def _told(batch: Any, rules: Sequence[Rule], asked: Mapping[str, Any]) -> dict[str, Count | Broken]:
    try:
        suite = great_expectations.ExpectationSuite("judged", expectations=list(asked.values()))
        outcomes = batch.validate(suite, result_format="BASIC").results
    except Exception as error:
        return {rule.id: _broken(error) for rule in rules}
    found = {outcome.expectation_config.meta["rule"]: outcome for outcome in outcomes}
    return {rule.id: _count(rule, found[rule.id]) for rule in rules}


def _count(rule: Rule, outcome: Any) -> Count | Broken:
    told: Mapping[str, Any] = outcome.result
    if isinstance(rule.expectation, RowCount) and "observed_value" in told:
        return Count(int(not outcome.success), int(told["observed_value"]))
    if "unexpected_count" not in told:
        return Broken(f"great_expectations 不能判断：{_reason(outcome.exception_info)}")
    return Count(told["unexpected_count"], told["element_count"])


def _broken(error: Exception) -> Broken:
    # whatever it raises may quote data: only the words survive
    return Broken(f"great_expectations 不能判断：{redacted(error)}")


def _reason(information: Mapping[str, Any]) -> str:
    """Dig the message out of either shape it comes in: flat, or nested by metric."""
    parts = [information, *(part for part in information.values() if isinstance(part, Mapping))]
    told = next((part["exception_message"] for part in parts if part.get("exception_message")), "")
    return redacted(told) or "没有说明"
