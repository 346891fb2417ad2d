"""变化清单 (changes): what this version says of each community's people that the version before did not.

Compared are `returned.<register>` of the build and the same table of the version being served, read
from its Parquet file (an attached database could not be let go inside the build's transaction). The
first version has nothing to be compared with, so its table is empty and the manifest's `previous` is
null: it is the baseline, not thirty thousand additions. The same holds for a register that is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.grant import Profile
from jiceng_pipeline.returns import masks
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import identifier

NAME = "changes"
TITLE = "变化清单"
PURPOSE = "社区只看与上一版本相比新增、移除、变更、迁入、迁出的人、户和市场主体，不用重看全表"
COLUMNS = (
    "community_code", "community_name", "entity_id", "subject_name", "dataset", "change_code", "changed_elements",
)  # fmt: skip

# What moves without anybody's data having changed: how many systems say it, since when, and birthdays.
_BOOKKEEPING = {"record_count", "system_count", "source_systems", "source_date", "age_years"}
_PLACE = {"community_code", "community_name"}


@dataclass(frozen=True)
class _Register:
    """A returned table whose rows are compared: its key, and whom a row is about."""

    dataset: str
    key: str
    subject: str


_REGISTERS = (
    _Register("resident_register", "resident_id", "name"),
    _Register("household_register", "household_id", "head_name"),
    _Register("enterprise_register", "enterprise_id", "enterprise_name"),
)


def key(dataset: str) -> str:
    """Return the column by which the rows of a dataset are compared; raise UsageError where they are not."""
    found = {register.dataset: register.key for register in _REGISTERS}
    if dataset not in found:
        raise UsageError(
            "这个数据集不能只取变化", where=f"数据集 {dataset}", cure=f"可以的有：{'、'.join(found)}；或取全部"
        )
    return found[dataset]


def told(profile: Profile) -> str:
    """Return SQL that holds for the rows of `returned.changes` that may be told in a profile.

    Where all that changed is hidden, that there is a change tells of it: of a household that draws an allowance.
    """
    shown = masks.masking(element("changed_elements"), profile).sql("changed_elements")
    return f"(change_code <> 'changed' or {shown} is not null)"


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `returned.changes`, one row per entity and kind of change, sorted by community.

    An entity that moved leaves `moved_out` with the community it left, which is not told more, and
    `moved_in` with the one it came to.
    """
    version = publish.last_whole(settings)
    found = []
    for register in _REGISTERS:
        before = version.folder / f"{register.dataset}.parquet" if version else None
        if before and before.is_file() and (now := _columns_of_build(connection, register.dataset)):
            found.append(_compared(connection, register, now, before))
    connection.execute("create schema if not exists returned")
    columns = ", ".join(COLUMNS)
    rows = "\nunion all\n".join(found) or f"select {', '.join(f'null::varchar as {c}' for c in COLUMNS)} where false"
    connection.execute(
        f"""create or replace table returned.{NAME} as select {columns} from ({rows})
        order by community_code, dataset, entity_id, change_code"""
    )
    compared_with = f"与版本 {version.name} 相比" if version else "首个版本，是以后比较的起点"
    connection.execute(f"comment on table returned.{NAME} is {literal(compared_with)}")


def _compared(connection: duckdb.DuckDBPyConnection, register: _Register, now: Mapping[str, str], before: Path) -> str:
    """Return the select of one register's changes."""
    source = f"from read_parquet({literal(str(before))})"
    then = _columns_of_file(connection, source)
    left_out = {register.key, *_BOOKKEEPING, *_PLACE}
    compared = sorted(set(now) & set(then) - left_out)
    differing = ", ".join(
        f"case when {_value('n', c, now, then)} is distinct from {_value('b', c, now, then)} then {literal(c)} end"
        for c in ("community_code", *compared)
    )
    subject = identifier(register.subject)
    name_now, name_then = (f"{side}.{subject}" if register.subject in has else "null" for side, has in
                           (("n", now), ("b", then)))  # fmt: skip
    return f"""(
        with paired as (
            select coalesce(n.{register.key}, b.{register.key}) as entity_id,
                n.{register.key} is not null as is_now, b.{register.key} is not null as was_then,
                n.community_code as code_now, n.community_name as community_now, {name_now} as name_now,
                b.community_code as code_then, b.community_name as community_then, {name_then} as name_then,
                concat_ws(',', {differing}) as differing
            from returned.{register.dataset} as n
            full join ({source}) as b on b.{register.key} = n.{register.key}
        ), told as (
            select entity_id, code_now as community_code, community_now as community_name, name_now as subject_name,
                case when not was_then then 'added' when code_now is distinct from code_then then 'moved_in'
                    when differing <> '' then 'changed' end as change_code,
                case when was_then then differing end as changed_elements
            from paired where is_now
            union all
            select entity_id, code_then, community_then, name_then,
                case when not is_now then 'removed' when code_now is distinct from code_then then 'moved_out' end,
                case when is_now then 'community_code' end
            from paired where was_then
        )
        select *, '{register.dataset}' as dataset from told where change_code is not null
    )"""


def _value(side: str, column: str, now: Mapping[str, str], then: Mapping[str, str]) -> str:
    """Return the column, as text where its type is no longer the same."""
    value = f"{side}.{identifier(column)}"
    return value if now[column] == then[column] else f"cast({value} as varchar)"


def _columns_of_build(connection: duckdb.DuckDBPyConnection, dataset: str) -> Mapping[str, str]:
    """Return column → type of a returned table; nothing where the build has no such table."""
    return dict(
        connection.execute(
            """select column_name, data_type from duckdb_columns()
            where database_name = current_database() and schema_name = 'returned' and table_name = ?
            order by column_index""",
            [dataset],
        ).fetchall()
    )


def _columns_of_file(connection: duckdb.DuckDBPyConnection, source: str) -> Mapping[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"describe {source}").fetchall()}
