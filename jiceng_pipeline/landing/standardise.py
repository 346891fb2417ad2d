"""The tables between landing and matching: standard values per system, records per entity, quarantine."""

from collections.abc import Callable, Mapping

import duckdb
import pyarrow as pa

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import collected, index, outcome, quarantine, records, snapshot, standard_values, version
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.standard import divisions, reading, reference
from jiceng_pipeline.standard.register import ENTITIES, Entity
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.connection import has_table
from jiceng_pipeline.warehouse.table import Build, Table

_OUTCOME_SCHEMA = pa.schema(
    [
        ("system", pa.string()),
        ("status", pa.string()),
        ("delivery", pa.string()),
        ("rows_in", pa.int64()),
        ("rows_accepted", pa.int64()),
        ("rows_rejected", pa.int64()),
        ("started", pa.string()),
        ("error_kind", pa.string()),
        ("error_what", pa.string()),
        ("error_where", pa.string()),
        ("error_cure", pa.string()),
        ("snapshot", pa.string()),
        ("snapshot_date", pa.date32()),
        ("is_stale", pa.bool_()),
    ]
)


def tables(contracts: Mapping[str, Contract]) -> tuple[Table, ...]:
    """Return every table made from landing, in no particular order: `depends` gives it."""
    each = tuple(contracts.values())
    pulled = tuple(contract for contract in each if not contract.is_collected)
    landed = frozenset(f"landing.{contract.table}" for contract in pulled)
    standard = frozenset(f"standard.{contract.table}" for contract in each)
    return (
        Table("landing", "outcome", "各系统最近一次拉取的结果", "行数、状态、出错原因", landed, _outcomes(each)),
        Table("standard", "business_day", "业务日期", "本版本说的是哪一天", frozenset(), reference.create_business_day),
        Table("standard", "element", "数据元", "数据元登记簿", frozenset(), reference.create_element),
        Table("standard", "code", "代码", "各代码集的代码和名称", frozenset(), reference.create_code),
        Table("standard", "division", "区划树", "市县乡村四级区划", frozenset(), divisions.create_division),
        Table(
            "standard",
            "division_alias",
            "社区名称写法",
            "把各部门写的社区名对到区划代码",
            frozenset({"standard.division"}),
            divisions.create_division_alias,
        ),
        *(_system(contract) for contract in pulled),
        *(table for contract in each if contract.is_collected for table in collected.tables(contract)),
        *(_records(entity, each) for entity in ENTITIES if any(contract.entity == entity for contract in each)),
        *version.tables(pulled),
        Table(
            "standard",
            "name_reading",
            "姓名读音",
            "同音字比对用的拼音",
            frozenset({"standard.resident_record"}),
            reading.create_name_reading,
        ),
        Table(
            "standard",
            "quarantine",
            "隔离区",
            "读不出来的行和取不到标准值的单元格，只记位置和原因，不记内容",
            standard,
            _select("standard.quarantine", lambda settings: quarantine.select(each, settings)),
        ),
        Table(
            "standard",
            "conservation",
            "行数守恒",
            "每个系统：来的行（增量的系统是在用的行）= 收下的行 + 隔离的行",
            standard | {"standard.quarantine"},
            _select("standard.conservation", lambda settings: quarantine.conservation_select(each, settings)),
        ),
    )


def _select(name: str, sql: Callable[[Settings], str]) -> Build:
    def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        connection.execute(f"create or replace table {name} as {sql(settings)}")

    return build


def _system(contract: Contract) -> Table:
    def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        landed = index.landed_rows(connection, contract, settings)
        select = standard_values.system_select(contract, landed)
        blank.create(connection, f"standard.{contract.table}", select)

    return Table(
        "standard",
        contract.table,
        f"{contract.title}（标准值）",
        f"{contract.owner.name}的记录，逐列对到数据元；写法与标准不同的，原文保留在旁",
        frozenset({f"landing.{contract.table}", "standard.division_alias"}),
        build,
    )


def _records(entity: Entity, contracts: tuple[Contract, ...]) -> Table:
    """A view: of the many columns of the one shape a system has a few; to sort and write them all cost most."""

    def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        name = f"standard.{entity}_record"
        if has_table(connection, name):  # as builds of earlier releases have it
            connection.execute(f"drop table {name}")
        connection.execute(f"create or replace view {name} as {records.entity_select(entity, contracts)}")

    return Table(
        "standard",
        f"{entity}_record",
        f"{ENTITIES[entity]}记录",
        "所有系统的记录，一种形状",
        frozenset(f"standard.{contract.table}" for contract in contracts if contract.entity == entity),
        build,
        columns=records.columns(entity),
        is_view=True,
    )


def _outcomes(contracts: tuple[Contract, ...]) -> Build:
    def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        rows = [
            collected.outcome_row(contract, collected.entries(settings, contract, bound(connection)))
            if contract.is_collected
            else _outcome_row(contract, settings)
            for contract in contracts
        ]
        connection.register("pulled", pa.Table.from_pylist(rows, schema=_OUTCOME_SCHEMA))
        connection.execute("create or replace table landing.outcome as select * from pulled order by system")
        connection.unregister("pulled")

    return build


def _outcome_row(contract: Contract, settings: Settings) -> dict[str, object]:
    """A system that was never pulled has a row too: the worst sources must not vanish from reports."""
    last = outcome.latest(settings, contract)
    taken = snapshot.in_force(settings, contract)
    error = (last.error if last else None) or {}
    return {
        "system": contract.name,
        "status": last.status if last else "never",
        "delivery": last.delivery if last else "full",
        "rows_in": last.rows_in if last else 0,
        "rows_accepted": last.rows_accepted if last else 0,
        "rows_rejected": last.rows_rejected if last else 0,
        "started": last.started if last else None,
        **{f"error_{part}": error.get(part) for part in ("kind", "what", "where", "cure")},
        "snapshot": taken.name if taken else None,
        "snapshot_date": snapshot.local_date(taken.stamp) if taken else None,
        "is_stale": last is None or last.status == "failed" or taken is None,
    }
