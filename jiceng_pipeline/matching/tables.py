"""The tables of reconciliation: borrowed numbers, links, households, winners, golden records, provenance."""

from collections.abc import Callable

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import (
    collected,
    conflict,
    decisions,
    dwelling,
    frozen,
    golden_record,
    household,
    identity,
    review,
    survivorship,
    training,
)
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.warehouse.table import Build, Table, made_before

_NAMES = {"resident": "人员", "enterprise": "市场主体"}


def tables() -> tuple[Table, ...]:
    """Return every table of this room, and the two of governance that are generated from the register."""
    every = matchings()
    golden = frozenset(f"matching.{entity}_{part}" for entity in every for part in ("candidate", "winner", "golden"))
    golden |= {"matching.frozen_cell"}
    return (
        Table(
            "matching",
            "decision",
            "人工判定",
            "人认定是同一对象或不是同一对象的记录对，现行有效的",
            frozenset(),
            decisions.create_decision,
        ),
        Table(
            "matching",
            "model",
            "归并模型版本",
            "本版本归并用的权重、同名人数和停用值；没有时由第一次同步训练并固定",
            frozenset(f"matching.{entity}_match" for entity in every),
            lambda connection, settings: training.create_model(connection, settings, every),
        ),
        Table(
            "matching",
            "weight",
            "归并权重",
            "每种比对结果值多少比特",
            frozenset({"matching.model"}),
            lambda connection, settings: training.create_weight(connection, settings, every),
        ),
        Table(
            "matching",
            "frozen_cell",
            "固定值",
            "人认定取某个值的格子，现行有效的；撤回之前各系统怎么说都不变",
            frozenset(f"matching.{entity}_{part}" for entity in every for part in ("link", "candidate")),
            lambda connection, settings: frozen.create_frozen_cell(connection, settings, every),
        ),
        *(table for matching in every.values() for table in _of(matching)),
        Table(
            "matching",
            "household_member",
            "户成员",
            "每人归于一户：公安户号优先，其他系统的家庭按多数成员并入",
            frozenset({"matching.resident_link", "staging.resident_record"}),
            household.create_member,
        ),
        Table(
            "matching",
            "address_spelling",
            "地址写法",
            "各部门写过的每一种地址指的是哪个门；同一个门的写法归为一处",
            frozenset(
                {"matching.resident_candidate", "matching.enterprise_candidate", "matching.household_member"}
                | {"matching.frozen_cell", "standard.division"}
            ),
            dwelling.create_spelling,
            is_one_transaction=False,
        ),
        collected.table(),
        Table(
            "governance",
            "provenance_cell",
            "逐格来源",
            "每一格取自哪个系统的哪条记录、何时、依什么规则，其他系统怎么说",
            golden,
            _create_provenance,
            is_view=True,
            counted=survivorship.cell_count(every.values()),
        ),
        conflict.table(),
    )


def _of(matching: Matching) -> tuple[Table, ...]:
    entity, name = matching.entity, _NAMES[matching.entity]
    borrowed, match, link, candidate, winner, golden = (
        f"matching.{entity}_{part}" for part in ("borrowed", "match", "link", "candidate", "winner", "golden")
    )

    def table(part: str, title: str, purpose: str, depends: set[str], build: Build) -> Table:
        many_steps = part in ("match", "winner", "golden")
        return Table(
            "matching",
            f"{entity}_{part}",
            name + title,
            purpose,
            frozenset(depends),
            build,
            is_view=part in ("winner", "golden"),
            is_one_transaction=not many_steps,
        )

    def run(make: Callable[[duckdb.DuckDBPyConnection, Matching], None]) -> Build:
        return lambda connection, _: make(connection, matching)

    def reconcile(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        identity.reconcile(connection, settings, matching)

    def create_review(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        review.create_review(connection, settings, matching)

    return (
        table(
            "match",
            "比对",
            "每条记录归到哪一组、凭什么、还有谁相近",
            {"matching.decision", matching.records},
            reconcile,
        ),
        table(
            "borrowed",
            "借用证号",
            "证号有效、却写着别人姓名或出生日期的记录：证号是借用的；与比对同一步算出",
            {match},
            made_before,
        ),
        table("link", "归并", "每条记录恰好归于一个对象；与比对同一步算出", {match, borrowed}, made_before),
        table(
            "review",
            "待核对",
            "借用证号或指向不明、需要人看的记录对，判定后变动大的在前",
            {match, link, borrowed, golden, "matching.decision", matching.records},
            create_review,
        ),
        table(
            "candidate",
            "候选值",
            "现行记录及其对象",
            {link, borrowed, f"standard.{entity}_record", *collected.tables_read(entity)}
            | {"matching.household_member" for _ in household.named(entity)},
            run(survivorship.create_candidate),
        ),
        table(
            "winner",
            "取值记录",
            "每个数据元取哪条记录",
            {candidate, "matching.frozen_cell", f"standard.{entity}_version", matching.records},
            run(survivorship.create_winner),
        ),
        table(
            "golden",
            "取值",
            "每个对象一行，各数据元的现取值",
            {winner},
            run(golden_record.create_golden),
        ),
    )


def _create_provenance(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    every = " union all ".join(part for matching in matchings().values() for part in survivorship.cells(matching))
    connection.execute(f"create or replace view governance.provenance_cell as {every}")
