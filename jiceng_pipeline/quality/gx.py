"""great_expectations on our own DuckDB connection: it judges a rule through SQL and tells counts, nothing else.

The only module that imports it (7 s), so it is itself imported late, by `quality/run.py`. No data docs, no
files, no result that holds a value: rows stay in DuckDB.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import great_expectations
import sqlalchemy
from great_expectations import expectations as known
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from jiceng_pipeline.core.redaction import redacted
from jiceng_pipeline.quality import dialect
from jiceng_pipeline.quality.counting import Broken, Count
from jiceng_pipeline.quality.expectation import Between, Equal, InSet, NotBefore, NotNull, RowCount, Unique
from jiceng_pipeline.quality.rule import Rule

Judge = Callable[[Rule, date], Count]

# counts only: a "partial" list would quote the failing values
_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_BOTH = "either_value_is_missing"


class ColumnValuesSatisfy(ColumnMapMetricProvider):  # type: ignore[misc]
    """The metric behind our own expectation: a boolean SQL expression over the row."""

    condition_metric_name = "column_values.satisfy_predicate"
    condition_value_keys = ("predicate",)
    filter_column_isnull = False

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(cls, _column: Any, predicate: str, **_: Any) -> Any:
        return sqlalchemy.literal_column(predicate, sqlalchemy.Boolean())


class ExpectRowsToSatisfy(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a SQL predicate to hold for every row; `column` only names the row."""

    predicate: str
    map_metric = ColumnValuesSatisfy.condition_metric_name
    success_keys = ("predicate", "mostly")
    args_keys = ("column", "predicate")


@contextmanager
def judge(connection: duckdb.DuckDBPyConnection) -> Iterator[Judge]:
    """Yield a function that has great_expectations judge one rule on `connection`.

    That function raises Broken where the rule errors. What the connection has not committed is not seen.
    """
    ours = dialect.OwnConnection(connection)
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
            source = context.data_sources.add_sql(
                "build",
                connection_string=dialect.address(),
                create_temp_table=False,
                kwargs={"creator": lambda: ours, "poolclass": sqlalchemy.pool.StaticPool},
            )
            batches: dict[str, Any] = {}
            yield lambda rule, day: _judged(source, batches, rule, day)
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


def _judged(source: Any, batches: dict[str, Any], rule: Rule, day: date) -> Count:
    looked_at = rule.source(day)
    try:
        # every asset more makes the next one slower: it writes all of them anew as YAML, to nowhere
        if looked_at not in batches:
            asset = source.add_query_asset(rule.id, query=f"select * from {looked_at} as judged")
            batches[looked_at] = asset.get_batch(asset.build_batch_request())
        outcome = batches[looked_at].validate(_expectation(rule, day), result_format=_FORMAT)
    except Exception as error:
        # whatever it raises may quote data: only the words survive
        raise Broken(f"great_expectations 不能判断：{redacted(error)}") from None
    told: Mapping[str, Any] = outcome.result
    if isinstance(rule.expectation, RowCount) and "observed_value" in told:
        return Count(int(not outcome.success), int(told["observed_value"]))
    if "unexpected_count" not in told:
        raise Broken(f"great_expectations 不能判断：{_reason(outcome.exception_info)}")
    # over no rows at all its sum is null
    return Count(int(told["unexpected_count"] or 0), int(told["element_count"] or 0))


def _expectation(rule: Rule, day: date) -> Any:
    """Return the expectation great_expectations has for it, else ours with the rule's own predicate."""
    match rule.expectation:
        case NotNull(column=column):
            return known.ExpectColumnValuesToNotBeNull(column=column)
        case Unique(columns=(column,)):
            return known.ExpectColumnValuesToBeUnique(column=column)
        case Unique(columns=columns):
            return known.ExpectCompoundColumnsToBeUnique(
                column_list=list(columns), ignore_row_if="any_value_is_missing"
            )
        case InSet(column=column) as within:
            return known.ExpectColumnValuesToBeInSet(column=column, value_set=list(within.allowed))
        case Between(column=column, minimum=low, maximum=high):
            return known.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
        case NotBefore(column=column, other=other):
            return known.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=column, column_B=other, or_equal=True, ignore_row_if=_BOTH
            )
        case Equal(column=column, other=other):
            return known.ExpectColumnPairValuesToBeEqual(column_A=column, column_B=other, ignore_row_if=_BOTH)
        case RowCount(minimum=low, maximum=high):
            return known.ExpectTableRowCountToBeBetween(min_value=low, max_value=high)
        case _:
            return ExpectRowsToSatisfy(column=rule.key, predicate=rule.good(day))


def _reason(information: Mapping[str, Any]) -> str:
    """Dig the message out of either shape it comes in: flat, or nested by metric."""
    parts = [information, *(part for part in information.values() if isinstance(part, Mapping))]
    told = next((part["exception_message"] for part in parts if part.get("exception_message")), "")
    return redacted(told) or "没有说明"
