"""What is wrong, and where it can be seen: problems read from outcomes, quarantine and failed rules.

Up to OWN_TICKETS failing records of one cause at one owner are a problem each; more are one systemic problem
with counts and examples. A cause that was systemic stays so until nothing of it is left, and a record that
had a problem of its own keeps it: neither comes and goes as the count moves around the limit.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import duckdb
import pyarrow as pa

from jiceng_pipeline.departments.contract import Contract, systems
from jiceng_pipeline.quality import counting, places
from jiceng_pipeline.quality.life import Life, Name
from jiceng_pipeline.quality.places import NOWHERE, Place, Wanted
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.standard import register

Kind = Literal["delivery", "row", "cell", "rule"]
KINDS: Mapping[Kind, str] = {
    "delivery": "没有送达",
    "row": "整行读不出",
    "cell": "单元格无效",
    "rule": "不符合规则",
}
OWN_TICKETS = 20
EXAMPLES = 20

# “台账.xlsx 第 12 行”, “台账.xlsx:12”; the number after a URL's last colon is no row
_ROW = re.compile(r"^(?!\w+://)(?P<file>.*?)[\s：:，,]*(?:第\s*(?P<row>\d+)\s*行|(?<=:)(?P<line>\d+))$")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong now; `name` says what for good, file, row and record are those of an example."""

    name: Name
    reason: str
    count: int = 1
    column: str | None = None
    element_id: str | None = None
    place: Place = NOWHERE
    examples: tuple[str, ...] = ()


def of_pull(system: str, status: str, error: Mapping[str, Any] | None) -> Problem | None:
    """Return what is wrong with a system's last pull: it failed, or (`never`) there was none."""
    if status not in {"failed", "never"}:
        return None
    error = error or {}
    where = error.get("where") or ""
    place = _ROW.match(where)
    file, row = (place["file"], int(place["row"] or place["line"])) if place else (where, None)
    reason = "；".join(part for part in (error.get("what"), error.get("cure")) if part)
    return Problem(
        Name(system, "delivery", error.get("kind") or status),
        reason or ("从未收到过数据" if status == "never" else "拉取失败"),
        place=Place(None, file or None, row),
    )


def pulls(connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    """Yield a problem for every system whose last pull, by landing.outcome, failed or never was."""
    for system, status, *error in connection.execute(
        "select system, status, error_kind, error_what, error_where, error_cure from landing.outcome order by system"
    ).fetchall():
        if problem := of_pull(system, status, dict(zip(("kind", "what", "where", "cure"), error, strict=True))):
            yield problem


def quarantined(connection: duckdb.DuckDBPyConnection, standing: Mapping[str, Life]) -> Iterator[Problem]:
    """Yield the problems of standard.quarantine: per system, level, column and reason."""
    systemic = {}
    for system, level, column, element, reason, count, first, examples in connection.execute(
        f"""select system, level, source_column, element_id, reason, count(*),
            arg_min({{'record_id': record_id, 'file': source_file, 'row': source_row}},
                (source_file, source_row, record_id)),
            min(record_id, {EXAMPLES})
        from standard.quarantine group by all order by all"""
    ).fetchall():
        name = Name(system, level, f"{element or ''}|{column or ''}|{reason}")
        systemic[name] = level == "row" or _is_systemic(name, count, standing)
        if systemic[name]:
            yield Problem(name, reason, count, column, element, Place(**first), tuple(examples or ()))
    with _own(connection, standing):
        rows = connection.execute(
            f"""select system, source_column, element_id, reason, record_id, count(*),
                arg_min({{'file': source_file, 'row': source_row}}, (source_file, source_row))
            from standard.quarantine join (
                select system, source_column, element_id, reason, count(*) as cells
                from standard.quarantine where level = 'cell' group by all) as cause
            using (system, source_column, element_id, reason)
            where level = 'cell' and record_id is not null
                and (cells <= {OWN_TICKETS} or record_id in (select key from own_ticket))
            group by all order by all"""
        ).fetchall()
    for system, column, element, reason, record_id, count, place in rows:
        cause = Name(system, "cell", f"{element or ''}|{column or ''}|{reason}")
        name = Name(cause.system, cause.kind, cause.cause, record_id)
        if not systemic[cause] or _is_open(name, standing):
            yield Problem(name, reason, count, column, element, Place(record_id, **place))


def failed_rules(
    connection: duckdb.DuckDBPyConnection, standing: Mapping[str, Life], known: frozenset[str]
) -> Iterator[Problem]:
    """Yield the problems of failed rules per owner; `known` holds the tables there are."""
    found = _failed(connection, standing)
    where = places.find(connection, [wanted for _, wanted in found if wanted], known)
    for problem, wanted in found:
        yield problem if wanted is None else replace(problem, place=where.get(wanted, NOWHERE))


def _failed(connection: duckdb.DuckDBPyConnection, standing: Mapping[str, Life]) -> list[tuple[Problem, Wanted | None]]:
    with _own(connection, standing):
        rows = connection.execute(
            f"""select g.rule_id, g.system, g.failed_count, g.keys, list(distinct f.record_key order by f.record_key)
                filter (where g.failed_count <= {OWN_TICKETS} or f.record_key in (select key from own_ticket))
            from (
                select rule_id, system, any_value(n.failed_count) as failed_count,
                    list_sort(list_distinct(min(record_key, {EXAMPLES * 2})))[1:{EXAMPLES}] as keys
                from quality.failure join quality.failing as n using (rule_id, system)
                group by rule_id, system) as g
            join quality.failure as f on f.rule_id = g.rule_id and f.system = g.system
            join quality.check_result as r on r.rule_id = g.rule_id
            where not r.passed and not r.broken and r.severity <> 'info'
            group by g.rule_id, g.system, g.failed_count, g.keys order by all"""
        ).fetchall()
    found: list[tuple[Problem, Wanted | None]] = []
    for rule_id, system, count, examples, own in rows:
        rule = rules().get(rule_id)
        if rule is None or not rule.ticket:
            continue
        cause, kind = Name(system, "rule", rule_id), str(rule.key)
        reason, element = f"{rule.title}：{rule.meaning}", rule.element
        column = _column(systems().get(system), element)
        is_systemic = rule.key is None or _is_systemic(cause, count, standing)
        if is_systemic:
            keys = tuple(key for key in examples if key)
            wanted = Wanted(system, kind, keys[0], element) if keys else None
            found.append((Problem(cause, reason, count, column, element, examples=keys), wanted))
        if count > counting.KEPT_KEYS:  # not every failing key is known: none of the open ones counts as gone
            own = sorted({*(own or ()), *_open_keys(cause, standing)})
        for key in own or ():
            name = Name(system, "rule", rule_id, key)
            if key and (not is_systemic or _is_open(name, standing)):
                wanted = Wanted(system, kind, key, element)
                found.append((_of_figure(Problem(name, reason, 1, column, element), kind), wanted))
    return found


def _of_figure(problem: Problem, kind: str) -> Problem:
    """Return the problem with the element that a failing figure is of."""
    element_id = (problem.name.key or "").partition("=")[0]
    if kind != "figure" or element_id not in register.elements():
        return problem
    element = register.elements()[element_id]
    column = _column(systems().get(problem.name.system), element_id)
    return replace(problem, reason=f"{problem.reason}（{element.title}）", column=column, element_id=element_id)


@contextmanager
def _own(connection: duckdb.DuckDBPyConnection, standing: Mapping[str, Life]) -> Iterator[None]:
    """Lay out the keys of open tickets about single records as the view `own_ticket`, while the block lasts."""
    keys = sorted({life.name.key for life in standing.values() if life.name.key and not life.closed})
    connection.register("own_ticket", pa.table({"key": pa.array(keys, pa.string())}))
    try:
        yield
    finally:
        connection.unregister("own_ticket")


def _is_systemic(cause: Name, count: int, standing: Mapping[str, Life]) -> bool:
    return count > OWN_TICKETS or _is_open(cause, standing)


def _open_keys(cause: Name, standing: Mapping[str, Life]) -> set[str]:
    """Return the records that have an open ticket of their own for this cause."""
    return {
        life.name.key
        for life in standing.values()
        if life.name.key and not life.closed and replace(life.name, key=None) == cause
    }


def _is_open(name: Name, standing: Mapping[str, Life]) -> bool:
    life = standing.get(name.ticket_id)
    return life is not None and life.closed is None


def _column(contract: Contract | None, element_id: str | None) -> str | None:
    """Return what the department calls the element."""
    columns = contract.columns if contract else {}
    return next((column for column, element in columns.items() if element == element_id), None)
