"""What great_expectations is asked for: how many rows fail, of how many; no failing value is ever fetched.

Its own expectations ask for the values as well, each with a query of its own. Left with the counts, all
expectations of one source are aggregates that it puts into one query.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy
from great_expectations import expectations as known
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.validator import ValidationDependencies

from jiceng_pipeline.quality.expectation import Between, Equal, InSet, NotBefore, NotNull, RowCount, Unique
from jiceng_pipeline.quality.rule import Rule
from jiceng_pipeline.standard.macro import literal

ROWS = "table.row_count"
_BOTH = "either_value_is_missing"


class RowsFailing(TableMetricProvider):  # type: ignore[misc]
    """The metric behind our own expectations: a SQL aggregate that counts failing rows."""

    metric_name = "rows.failing"
    value_keys = ("failing",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )  # type: ignore[untyped-decorator]
    def _sqlalchemy(cls, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any) -> Any:
        return (
            sqlalchemy.literal_column(metric_value_kwargs["failing"], sqlalchemy.BigInteger()),
            metric_domain_kwargs,
            {},
        )


class ColumnValuesListed(ColumnMapMetricProvider):  # type: ignore[misc]
    """The metric of a value set, looked up: its own compares every value with every one of the set in turn."""

    condition_metric_name = "column_values.listed"
    condition_value_keys = ("value_set",)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(cls, column: Any, value_set: list[str], **_: Any) -> Any:
        listed = ", ".join(literal(value) for value in value_set)
        return column.in_(sqlalchemy.select(sqlalchemy.literal_column(f"unnest([{listed}])")))


class _Counted:
    """Mixed into an expectation: it needs the counts only, and tells them."""

    map_metric: str

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: Mapping[str, Any] | None = None
    ) -> ValidationDependencies:
        """Return what it needs where it may tell no more than whether it holds."""
        bare = {**(runtime_configuration or {}), "result_format": "BOOLEAN_ONLY"}
        needed = super().get_validation_dependencies(execution_engine, bare)  # type: ignore[misc]
        needed.result_format = {"result_format": "BASIC"}
        return needed

    def _validate(self, metrics: Mapping[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return _told(metrics[f"{self.map_metric}.unexpected_count"], metrics[ROWS])


class ExpectRowsToSatisfy(BatchExpectation):  # type: ignore[misc]
    """Expect an aggregate that counts failing rows to be zero."""

    failing: str
    metric_dependencies = (ROWS, RowsFailing.metric_name)
    success_keys = ("failing",)
    args_keys = ("failing",)

    def _validate(self, metrics: Mapping[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return _told(metrics[RowsFailing.metric_name], metrics[ROWS])


class ExpectFilled(_Counted, known.ExpectColumnValuesToNotBeNull):  # type: ignore[misc]
    """Its own, counts only."""


class ExpectListed(_Counted, known.ExpectColumnValuesToBeInSet):  # type: ignore[misc]
    """Its own with the set looked up, counts only."""

    map_metric = ColumnValuesListed.condition_metric_name


class ExpectBetween(_Counted, known.ExpectColumnValuesToBeBetween):  # type: ignore[misc]
    """Its own, counts only."""


class ExpectNotBefore(_Counted, known.ExpectColumnPairValuesAToBeGreaterThanB):  # type: ignore[misc]
    """Its own, counts only."""


class ExpectEqual(_Counted, known.ExpectColumnPairValuesToBeEqual):  # type: ignore[misc]
    """Its own, counts only."""


class ExpectUnique(_Counted, known.ExpectColumnValuesToBeUnique):  # type: ignore[misc]
    """Its own, counts only."""


class ExpectUniqueTogether(_Counted, known.ExpectCompoundColumnsToBeUnique):  # type: ignore[misc]
    """Its own, counts only."""


def expectation(rule: Rule, day: date) -> Any:
    """Return the expectation great_expectations has for the rule, else ours with the rule's own predicate."""
    meta = {"rule": rule.id}
    match rule.expectation:
        case NotNull(column=column):
            return ExpectFilled(column=column, meta=meta)
        case Unique(columns=columns):
            return ExpectRowsToSatisfy(failing=_surplus(columns), meta=meta)
        case InSet(column=column) as within:
            return ExpectListed(column=column, value_set=list(within.allowed), meta=meta)
        case Between(column=column, minimum=low, maximum=high):
            return ExpectBetween(column=column, min_value=low, max_value=high, meta=meta)
        case NotBefore(column=column, other=other):
            return ExpectNotBefore(column_A=column, column_B=other, or_equal=True, ignore_row_if=_BOTH, meta=meta)
        case Equal(column=column, other=other):
            return ExpectEqual(column_A=column, column_B=other, ignore_row_if=_BOTH, meta=meta)
        case RowCount(minimum=low, maximum=high):
            return known.ExpectTableRowCountToBeBetween(min_value=low, max_value=high, meta=meta)
        case _:
            return ExpectRowsToSatisfy(failing=f"sum(case when not {rule.good(day)} then 1 else 0 end)", meta=meta)


def exact(rule: Rule) -> Any | None:
    """Return what counts exactly a rule that `expectation` only told to fail; None where that was exact."""
    match rule.expectation:
        case Unique(columns=(column,)):
            return ExpectUnique(column=column, meta={"rule": rule.id})
        case Unique(columns=columns):
            return ExpectUniqueTogether(
                column_list=list(columns), ignore_row_if="any_value_is_missing", meta={"rule": rule.id}
            )
        case _:
            return None


def _surplus(columns: tuple[str, ...]) -> str:
    """Return SQL that is zero only where no two rows agree; hashes that differ are of values that differ."""
    filled = " and ".join(f"{name} is not null" for name in columns)
    return f"count(*) filter (where {filled}) - count(distinct hash({', '.join(columns)})) filter (where {filled})"


def _told(failed: Any, rows: Any) -> dict[str, Any]:
    # over no rows at all its sum is null
    return {"success": not failed, "result": {"unexpected_count": int(failed or 0), "element_count": int(rows or 0)}}
