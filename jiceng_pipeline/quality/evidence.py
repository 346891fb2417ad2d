"""What is wrong, and where it can be seen: problems read from outcomes, quarantine and failed rules.

Every row of the three sources is counted by SQL; a problem is one cause at one owner, with its first example.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import duckdb

from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.quality import counting
from jiceng_pipeline.quality.rule import Rule, rules

Kind = Literal["delivery", "row", "cell", "rule"]
KINDS: Mapping[Kind, str] = {
    "delivery": "没有送达",
    "row": "整行读不出",
    "cell": "单元格无效",
    "rule": "不符合规则",
}

# “台账.xlsx 第 12 行”, “台账.xlsx:12”; the number after a URL's last colon is no row
_ROW = re.compile(r"^(?!\w+://)(?P<file>.*?)[\s：:，,]*(?:第\s*(?P<row>\d+)\s*行|(?<=:)(?P<line>\d+))$")
# A link says which record of a system speaks of an entity.
_LINKS = {"resident_id": "matching.resident_link", "enterprise_id": "matching.enterprise_link"}


@dataclass(frozen=True)
class Problem:
    """One cause at one owner. `cause` names it for good, whatever day it is and however many rows it has."""

    system: str
    kind: Kind
    cause: str
    reason: str
    count: int
    file: str | None = None
    row: int | None = None
    column: str | None = None
    element_id: str | None = None
    record_id: str | None = None


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
        system=system,
        kind="delivery",
        cause=error.get("kind") or status,
        reason=reason or ("从未收到过数据" if status == "never" else "拉取失败"),
        count=1,
        file=file or None,
        row=row,
    )


def pulls(connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    """Yield a problem for every system whose last pull, by landing.outcome, failed or never was."""
    for system, status, *error in connection.execute(
        "select system, status, error_kind, error_what, error_where, error_cure from landing.outcome order by system"
    ).fetchall():
        if problem := of_pull(system, status, dict(zip(("kind", "what", "where", "cure"), error, strict=True))):
            yield problem


def quarantined(connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    """Yield one problem per system, level, column and reason of standard.quarantine."""
    for system, level, column, element_id, reason, count, first in connection.execute(
        """select system, level, source_column, element_id, reason, count(*),
            arg_min({'file': source_file, 'row': source_row, 'record_id': record_id},
                (source_file, source_row, record_id))
        from standard.quarantine group by all order by all"""
    ).fetchall():
        yield Problem(
            system=system,
            kind=level,
            cause=f"{element_id or ''}|{column or ''}|{reason}",
            reason=reason,
            count=count,
            column=column,
            element_id=element_id,
            **first,
        )


def failed_rules(connection: duckdb.DuckDBPyConnection, day: date, known: frozenset[str]) -> Iterator[Problem]:
    """Yield one problem per failed rule and owner; `known` holds the tables there are."""
    for rule_id, system, kept, key in connection.execute(
        """select f.rule_id, f.system, count(*), min(f.record_key)
        from quality.failure as f join quality.check_result as r using (rule_id)
        where not r.passed and not r.broken and r.severity <> 'info'
        group by all order by all"""
    ).fetchall():
        rule = rules().get(rule_id)
        if rule is None or not rule.ticket:
            continue
        contract = contracts().get(system)
        yield Problem(
            system=system,
            kind="rule",
            cause=rule_id,
            reason=f"{rule.title}：{rule.meaning}",
            count=kept if kept < counting.KEPT_KEYS else _counted(connection, rule, day, system),
            column=_column(contract, rule.element),
            element_id=rule.element,
            **_example(connection, rule, contract, key, known),
        )


def _counted(connection: duckdb.DuckDBPyConnection, rule: Rule, day: date, system: str) -> int:
    """More failed than keys were kept: ask the tables again."""
    found: int = connection.execute(
        f"select failed from ({counting.by_owner(rule, day)}) where system = ?", [system]
    ).fetchall()[0][0]
    return found


def _column(contract: Contract | None, element_id: str | None) -> str | None:
    """Return what the department calls the element."""
    columns = contract.columns if contract else {}
    return next((column for column, element in columns.items() if element == element_id), None)


def _example(
    connection: duckdb.DuckDBPyConnection, rule: Rule, contract: Contract | None, key: str, known: frozenset[str]
) -> dict[str, Any]:
    """Return record_id, file and row of the owner's record that the failing key stands for."""
    own = f"standard.{contract.table}" if contract else ""
    if own not in known:
        return {"record_id": key if rule.key == "record_id" else None}
    select = f"select s.record_id, s.source_file as file, s.source_row as row from {own} as s"
    if rule.key == "record_id":
        sql = f"{select} where s.record_id = ? order by s.is_current desc limit 1"
    elif (link := _LINKS.get(str(rule.key))) in known:
        sql = f"""{select} join {link} as l on l.record_id = s.record_id
            where l.entity_id = ? and s.is_current order by s.record_id limit 1"""
    else:
        return {}
    found = connection.execute(sql, [key]).fetchall()
    return dict(zip(("record_id", "file", "row"), found[0], strict=True)) if found else {}
