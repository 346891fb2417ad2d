"""Whether a delivery is like the last: the same keys and kind of content in each column, no less of it, no row twice.

The header may be right and what stands below it not: two columns of an export changed places, numbers turned
into 3.2E+17, yuan became ten thousand yuan. A few such cells are quarantined; a whole column of them stops
the delivery. Shares and middles are compared, so no message holds a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.connectors.base import UNENDED
from jiceng_pipeline.core.errors import SourceRejected
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import force, snapshot, standard_values
from jiceng_pipeline.landing.snapshot import RECORD_ID, ROW_HASH, Snapshot
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.connection import identifier

ENOUGH = 10  # filled cells or rows; fewer say nothing of a column
REPEATED = 0.3  # share of rows that say no more than another does
RECOGNISED = 0.5  # of the share that was recognised last time
FILLED = 0.5  # share of the rows that have something in a column which is never empty
EMPTIED = 0.1  # of that share; what remains of a column that was left out, masked or not calculated
KNOWN = 0.1  # share of the keys of before; fewer are known again where all are written otherwise
ALIKE = 0.5  # of them, but for how they are written
FACTOR = 8  # by which the middle of a column may move; units differ by 10 and more
_SAMPLED_ABOVE = 200_000  # rows, of which then some are looked at, the same whenever: half of _SAMPLED at least
_SAMPLED = 25_000
_DIGITS = 6  # of a hash, that say whether it is low
_NUMBERS = {"integer", "decimal", "degrees"}
# what passes as a value of its type and yet cannot be one
_ODD = {
    "name": "[0-9]{2}",
    "organisation_name": "^[0-9.eE+-]+$",
    "address": "^[0-9.eE+-]+$",
}
_LOOKED_UP = {"division", "text"}  # a community needs the tree, free text is anything


@dataclass(frozen=True)
class _Column:
    """What one column of a delivery is like."""

    filled: int
    recognised: int
    middle: float | None  # of the numbers above 0

    @property
    def share(self) -> float:
        return self.recognised / self.filled if self.filled else 0.0


def check(
    contract: Contract,
    engine: duckdb.DuckDBPyConnection,
    work: Path,
    links: Sequence[Snapshot],
    notes: Mapping[str, str],
) -> None:
    """Refuse a full delivery in `work` that says its rows twice or is unlike the last full one, `links[0]`.

    `engine` is a scratch database, `notes` are its connector's.
    """
    rows = _sample(engine, work / snapshot.ROWS, "came")
    _check_repeated(contract, engine, rows)
    if not force.is_sound(links):
        return
    _check_end(contract, engine, _rows(work / snapshot.ROWS), links[0], notes)
    _check_keys(contract, engine, _rows(work / snapshot.ROWS), links[0])
    held, held_rows = set(links[0].meta["schema"]), _sample(engine, links[0].rows, "held")
    columns = [column for column in contract.elements if column in held]
    if columns:
        _check_filled(contract, engine, columns, held_rows, rows)
    elements = {column: contract.elements[column] for column in columns}
    elements = {column: element for column, element in elements.items() if element.type not in _LOOKED_UP}
    if not elements:
        return
    before, now = _columns(contract, elements, engine, held_rows, rows)
    for column, element in elements.items():
        _check_content(contract, column, element, before[column], now[column])
        _check_unit(contract, column, element, before[column], now[column])


def _sample(engine: duckdb.DuckDBPyConnection, path: Path, name: str) -> str:
    """Return the rows of a snapshot as a table expression; of many a few, put into a table: those of a low hash."""
    rows = _rows(path)
    ((count,),) = engine.execute(f"select count(*) from {rows}").fetchall()
    if count <= _SAMPLED_ABOVE:
        return rows
    engine.execute(f"create temp table {name} as select * from {rows} where {ROW_HASH} < '{_low(count)}'")
    return name


def _low(count: int) -> str:
    """Return a hash below which about `_SAMPLED` of so many are, all of few."""
    halvings = (-(-count // _SAMPLED) - 1).bit_length() if count > _SAMPLED_ABOVE else 0
    return f"{16**_DIGITS >> halvings:0{_DIGITS}x}" if halvings else "g"


def _rows(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _columns(
    contract: Contract, elements: Mapping[str, Element], engine: duckdb.DuckDBPyConnection, before: str, now: str
) -> tuple[dict[str, _Column], dict[str, _Column]]:
    """Return column → what it is like, of the rows before and of those now.

    In one query, each value named once: of a small delivery it is the reading of the query that takes time.
    """
    values, cells = [], []
    for place, (column, element) in enumerate(elements.items()):
        value = f"v{place}"
        values += [
            f"{standard_values.value(contract, column, element)} as {value}",
            f"std_text({identifier(column)}) as t{place}",
        ]
        odd = f" and not regexp_matches({value}, '{_ODD[element.type]}')" if element.type in _ODD else ""
        middle = f"median({value}) filter ({value} > 0)" if element.type in _NUMBERS else "null"
        cells += [
            f"count(t{place})",
            f"count(*) filter ({value} is not null{odd})",
            f"cast({middle} as double)",
        ]
    columns = ", ".join(map(identifier, elements))
    found = engine.execute(
        f"""select _is_now, {", ".join(cells)} from (
            select _is_now, {", ".join(values)} from (
                select false as _is_now, {columns} from {before} union all select true, {columns} from {now}
            )
        ) group by _is_now"""
    ).fetchall()
    told = {is_now: figures for is_now, *figures in found}
    nothing = [0, 0, None] * len(elements)  # where no row says anything

    def named(figures: Sequence[Any]) -> dict[str, _Column]:
        return {column: _Column(*figures[3 * place : 3 * place + 3]) for place, column in enumerate(elements)}

    return named(told.get(False, nothing)), named(told.get(True, nothing))


def _check_repeated(contract: Contract, engine: duckdb.DuckDBPyConnection, rows: str) -> None:
    ((count, different),) = engine.execute(f"select count(*), count(distinct {ROW_HASH}) from {rows}").fetchall()
    if count >= ENOUGH and count - different > REPEATED * count:
        raise SourceRejected(
            f"内容重复：约 {100 * (count - different) // count}% 的行与别的行完全相同，像是同一份数据放了两遍",
            where=contract.name,
            cure="请核对文件夹里是否有同一文件的副本、导出时是否粘贴了两遍，只留一份后重新放入",
        )


def _check_end(
    contract: Contract, engine: duckdb.DuckDBPyConnection, rows: str, held: Snapshot, notes: Mapping[str, str]
) -> None:
    """Refuse a shorter file whose last line has no end, where it had one: it may be cut off in its last cell."""
    if UNENDED not in notes or UNENDED in held.meta["notes"]:
        return
    ((lost,),) = engine.execute(f"select (select count(*) from {_rows(held.rows)}) > count(*) from {rows}").fetchall()
    if lost:
        raise SourceRejected(
            "半截文件：最后一行没有换行（以前有），行数也比上次少",
            where=contract.name,
            cure="请重新导出并完整传输",
        )


def _check_keys(contract: Contract, engine: duckdb.DuckDBPyConnection, rows: str, held: Snapshot) -> None:
    """Refuse a delivery whose keys are those of before in another writing: every record would end and another begin.

    With it would go what people decided and doubted of each.
    """
    if tuple(held.meta["key"]) != contract.key:
        return
    before, low = _rows(held.rows), f"{RECORD_ID} < '{_low(held.meta['rows_accepted'])}'"
    ((were, known),) = engine.execute(
        f"""select count(*), count(*) filter (where {RECORD_ID} in (select {RECORD_ID} from {rows} where {low}))
        from {before} where {low}"""
    ).fetchall()
    if were < ENOUGH or known >= KNOWN * were:
        return
    plain = "concat_ws(' ', " + ", ".join(map(_plain, contract.key)) + ")"
    ((alike,),) = engine.execute(
        f"select count(*) from {before} where {low} and {plain} in (select {plain} from {rows})"
    ).fetchall()
    if alike >= ALIKE * were:
        raise SourceRejected(
            f"主键（{'、'.join(contract.key)}）的写法变了：上次的行只有 {known / were:.0%} 对得上，"
            f"不看前面的 0 和大小写有 {alike / were:.0%}",
            where=contract.name,
            cure="请核对编号前面的 0 是否丢了、是否多了“.0”、字母大小写是否变了，改正后重新导出；"
            f"确实改了写法的，请书面说明，由管理员放行一次：JICENG_LET_IN={contract.name} jiceng sync",
        )


def _plain(column: str) -> str:
    """Return SQL: what a spreadsheet leaves of a number, whatever it was in."""
    return f"ltrim(regexp_replace(upper(std_text({identifier(column)})), '[.]0+$', ''), '0')"


def _check_filled(
    contract: Contract, engine: duckdb.DuckDBPyConnection, columns: Sequence[str], before: str, now: str
) -> None:
    """Refuse a delivery in which a column has next to nothing that had something nearly everywhere."""
    cells = ", ".join(f"count(std_text({identifier(column)}))" for column in columns)
    (had, *were), (has, *are) = (
        engine.execute(f"select count(*), {cells} from {rows}").fetchall()[0] for rows in (before, now)
    )
    for column, was, filled in zip(columns, were, are, strict=True):
        if was >= ENOUGH and has >= ENOUGH and was >= FILLED * had and filled * had < EMPTIED * was * has:
            raise SourceRejected(
                f"“{column}”一列空了：上次 {was / had:.0%} 的行有内容，这次只有 {filled / has:.0%}",
                where=contract.name,
                cure="请核对导出时是否漏选或遮住了这一列、公式是否算出了值；改正后重新导出，"
                "确实不再登记的先书面告知，由管理员把它从合同的 columns 移到 ignored",
            )


def _check_content(contract: Contract, column: str, element: Element, before: _Column, now: _Column) -> None:
    if min(before.filled, now.filled) < ENOUGH or before.share < RECOGNISED:
        return
    if now.share < RECOGNISED * before.share:
        raise SourceRejected(
            f"“{column}”一列的内容变了：上次 {before.share:.0%} 是{element.title}，这次只有 {now.share:.0%}",
            where=contract.name,
            cure="请核对这一列是不是填成了别的列、长号码是不是变成了 3.2E+17 这样的数、代码是不是换了一套；"
            "改正后重新导出，确需改动的先书面告知，由管理员登记到合同里",
        )


def _check_unit(contract: Contract, column: str, element: Element, before: _Column, now: _Column) -> None:
    if min(before.recognised, now.recognised) < ENOUGH or not before.middle or not now.middle:
        return
    factor = now.middle / before.middle
    if not 1 / FACTOR < factor < FACTOR:
        times = f"大了约 {factor:,.0f} 倍" if factor > 1 else f"小了约 {1 / factor:,.0f} 倍"
        raise SourceRejected(
            f"“{column}”的数普遍比上次{times}，单位可能变了（约定是{element.title}）",
            where=contract.name,
            cure="请按约定的单位重新导出；确实改了单位的，书面告知，由管理员在合同的 multiply 里登记",
        )
