"""The rows of a form for many communities in one pass: who is in it, what is known of them, whence, and what is not.

A row set says who; every other column is looked up by the entity's key: the governed value where there is one,
else the winning value. So what a community collects under one form stands in every other that has the element.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import duckdb

from jiceng_pipeline.departments.contract import systems
from jiceng_pipeline.forms import settled
from jiceng_pipeline.forms.definition import PLACE, Column, Form
from jiceng_pipeline.forms.sheet_key import FILL, KNOWN, NONE, VERIFY
from jiceng_pipeline.returns.masks import HIDDEN, SHOWN, Masking
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import identifier

DERIVED = "本库得出"
_FREEZE = "人工认定"
_BATCH = 5_000
_PART = 50_000  # rows that are looked up at once


@dataclass(frozen=True)
class Row:
    """One line of a form: whose, what each column shows, its state, where it comes from, what is doubted of it."""

    entity_id: str
    cells: tuple[object, ...]
    states: str
    sources: str
    doubts: Mapping[str, str]


def by_community(
    connection: duckdb.DuckDBPyConnection,
    form: Form,
    maskings: Mapping[str, Masking],
    as_of: str,
    where: str,
) -> Iterator[tuple[str, list[Row]]]:
    """Yield (community, its rows) in order of the codes, those with rows alone.

    `where` is SQL over `community_code`: whose rows may be read. The row set is read once however many there are;
    what is known of its people is looked up for so many at a time as fit into little memory. An element that the
    version does not have yet is empty; one that may not be read is not shown.
    """
    states = [_State(each, maskings.get(each.element, HIDDEN)) for each in form.columns]
    connection.execute(
        f"""create or replace temp table form_rows as
        with who as ({who(form, where)}),
        counted as (select {PLACE}, count(*) as rows from who group by {PLACE})
        select who.*, part.number from who
        join (
            select {PLACE}, cast(sum(rows) over (order by {PLACE}) // {_PART} as bigint) as number from counted
        ) as part using ({PLACE})"""
    )
    parts = connection.execute("select distinct number from form_rows order by number").fetchall()
    for (number,) in parts:
        part = f"select * exclude (number) from form_rows where number = {number}"
        result = connection.execute(select(connection, form, maskings, as_of, part))
        for place, lines in groupby(_lines(result), lambda line: line[0]):
            yield place, [_row(line, states) for line in lines]


def who(form: Form, where: str) -> str:
    """Return the select of who is in a form: community, entity, what is derived, place in the order of the row set."""
    names = ", ".join((PLACE, f"{form.rows.key} as entity_id", *map(identifier, form.rows.derives)))
    return f"""select {names}, row_number() over () as place
        from ({form.rows.sql}) as listed where ({where}) and {PLACE} is not null"""


def select(
    connection: duckdb.DuckDBPyConnection,
    form: Form,
    maskings: Mapping[str, Masking],
    as_of: str,
    listed: str,
) -> str:
    """Return the select of rows: community, entity, a column each, the sources, the doubts; `listed` is of `who`."""
    entity, key = form.rows.entity, form.rows.key
    masked_by = {each.element: maskings.get(each.element, HIDDEN) for each in form.columns}
    tables = _Tables(connection, form)
    shown = ",\n".join(
        f"{in_words(each.of, masked_by[each.element].sql(tables.cell(each)), {})} as {identifier(each.element)}"
        for each in form.columns
    )
    told = [each for each in form.columns if masked_by[each.element] is not HIDDEN]
    masked = any(each is not SHOWN for each in masked_by.values())
    return f"""with who as materialized ({listed}),
    {_sourced(form, tables, told, as_of)},
    {_doubted(form, tables, told, masked)}
    select who.{PLACE}, who.entity_id, {shown}, sourced.said, doubted.said
    from who
    left join governance.{entity} as governed on governed.{key} = who.entity_id
    left join matching.{entity}_golden as golden on golden.entity_id = who.entity_id
    left join sourced on sourced.entity_id = who.entity_id
    left join doubted on doubted.entity_id = who.entity_id
    order by who.{PLACE}, who.place"""


class _Tables:
    """Which columns the version has, so where each of a form's comes from."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, form: Form) -> None:
        entity = form.rows.entity
        self._derived = form.rows.derives
        self._governed = _columns(connection, f"governance.{entity}")
        self._golden = _columns(connection, f"matching.{entity}_golden")
        self._winner = _columns(connection, f"matching.{entity}_winner")
        self.settled = settled.left_out(connection, entity)

    def cell(self, column: Column) -> str:
        """Return SQL: the value of a column."""
        name = column.element
        if name in self._derived:
            return f"who.{identifier(name)}"
        if name in self._governed:
            return f"governed.{identifier(name)}"
        return f"golden.{identifier(name)}" if name in self._golden else f"cast(null as {column.of.sql_type})"

    def won(self, column: Column) -> str | None:
        """Return SQL: the record whose value a column shows; None where it was derived or nobody holds it."""
        name = column.element
        if name in self._derived or name not in self._winner:
            return None
        # where nobody says it, the number does
        told = name in {"sex_code", "birth_date"}
        return f"coalesce(winner.{name}, winner.citizen_id)" if told else f"winner.{identifier(name)}"


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
    return frozenset(name for name, *_ in connection.execute(f"describe {table}").fetchall())


def _sourced(form: Form, tables: _Tables, told: Sequence[Column], as_of: str) -> str:
    """Return the CTEs that end in `sourced(entity_id, said)`: 系统 日期：列、列；…"""
    entity = form.rows.entity
    records = {each: sql for each in told if (sql := tables.won(each))}
    numbers = {each.element: number for number, each in enumerate(form.columns)}
    titles = {each.element: each.heading for each in form.columns}
    derived = [titles[each.element] for each in told if each.element in form.rows.derives]
    ours = f"{DERIVED} {as_of}：{'、'.join(derived)}" if derived else ""
    if not records:
        return f"sourced as (select entity_id, {literal(ours)} as said from who)"
    listed = ", ".join(f"{sql} as {identifier(each.element)}" for each, sql in records.items())
    names = ", ".join(identifier(each.element) for each in records)
    held_by = {name: contract.title for name, contract in systems().items()}
    return f"""won as (
        unpivot (
            select who.entity_id, {listed} from who join matching.{entity}_winner as winner using (entity_id)
        ) on {names} into name element_id value record_id
    ),
    dated as (
        select won.entity_id, won.element_id, candidate.system,
            coalesce(candidate.record_date, frozen.frozen_date) as day,
            {_map(numbers)}[won.element_id] as number
        from won
        left join matching.{entity}_candidate as candidate using (record_id)
        left join matching.frozen_cell as frozen on candidate.record_id is null and frozen.entity = {literal(entity)}
            and frozen.entity_id = won.entity_id and frozen.element_id = won.element_id
    ),
    grouped as (
        select entity_id, system, day, min(number) as number,
            string_agg({_map(titles)}[element_id], '、' order by number) as titles
        from dated group by entity_id, system, day
    ),
    sourced as (
        select entity_id, string_agg(
            case when system is null then {literal(_FREEZE)} else coalesce({_map(held_by)}[system], system) end
            || ' ' || coalesce(cast(day as varchar), '日期不详') || '：' || titles, '；' order by number, system, day
        ) || {literal(f"；{ours}" if ours else "")} as said
        from grouped group by entity_id
    )"""


def _doubted(form: Form, tables: _Tables, told: Sequence[Column], masked: bool) -> str:
    """Return the CTEs that end in `doubted(entity_id, said)`: (element_id, words) of each cell to look at again."""
    entity = form.rows.entity
    listed = ", ".join(literal(each.element) for each in told) or "''"
    # governance.conflict would work out the whole city; here only those in the form, in one pass
    verified = [each.element for each in told if each.of.verify and tables.won(each)]
    other = ", ".join(
        f"cast(case when candidate.{name} <> golden.{name} then candidate.{name} end as varchar) as {name}"
        for name in verified
    )
    said = in_words(element("other_values"), "other_values", {})
    systems = in_words(element("other_systems"), "other_systems", {})
    others = systems if masked else f"{said} || '（' || {systems} || '）'"
    conflicting = f"""conflicting as (
        select entity_id, element_id, string_agg(distinct value, '；' order by value) as other_values,
            string_agg(distinct system, ',' order by system) as other_systems
        from (
            unpivot (
                select candidate.entity_id, candidate.system, {other}
                from (select distinct entity_id from who)
                join matching.{entity}_candidate as candidate using (entity_id)
                join matching.{entity}_golden as golden using (entity_id)
            ) on {", ".join(verified)} into name element_id value value
        ){tables.settled}
        group by entity_id, element_id
    ),
    """
    disagreeing = f"""union all
                select entity_id, element_id, '说法不一，另有：' || {others} as words from conflicting"""
    lives = next((each for each in told if each.element == "dwelling_address" and tables.won(each)), None)
    contested = _contested(masked) if lives else ""
    moved = "union all select entity_id, 'dwelling_address' as element_id, words from contested" if lives else ""
    return f"""{conflicting if verified else ""}{contested}doubted as (
        select entity_id, list(struct_pack(element_id := element_id, words := words)) as said
        from (
            select entity_id, element_id, string_agg(words, '；' order by words) as words
            from (
                select entity_id, element_id, '存疑：有社区提出异议，来源部门还在核实' as words
                from quality.open_dispute where entity = {literal(entity)} and element_id in ({listed})
                union all
                select entity_id, element_id, '过期：' || source_date || ' 以来没有更新' as words
                from governance.stale_cell where entity = {literal(entity)} and element_id in ({listed})
                {disagreeing if verified else ""}
                {moved}
            )
            where entity_id in (select entity_id from who)
            group by entity_id, element_id
        )
        group by entity_id
    )"""


def _contested(masked: bool) -> str:
    """Return the CTE `contested(entity_id, words)`: who lives, by as many records or more, behind another door.

    The newest record wins a dwelling, but systems that date no record look new every day.
    """
    systems = in_words(element("other_systems"), "string_agg(distinct other.system, ',' order by other.system)", {})
    written = "" if masked else "string_agg(distinct other.written, '；' order by other.written) || "
    return f"""doored as (
        select candidate.entity_id, spelled.dwelling_door as door, candidate.dwelling_address as written,
            candidate.system, candidate.record_id = winner.dwelling_address as stands,
            count(*) over (partition by candidate.entity_id, spelled.dwelling_door) as votes
        from (select distinct entity_id from who)
        join matching.resident_candidate as candidate using (entity_id)
        join matching.resident_winner as winner using (entity_id)
        join staging.resident_record as spelled on spelled.record_id = candidate.record_id
        where spelled.dwelling_door is not null
    ),
    contested as (
        select other.entity_id, '说法不一，另有：' || {written}'（' || {systems} || '）' as words
        from doored as other
        join doored as own on own.entity_id = other.entity_id and own.stands
        where other.door <> own.door and other.votes >= own.votes
        group by other.entity_id
    ),
    """


def _map(values: Mapping[str, object]) -> str:
    pairs = ", ".join(
        f"{literal(name)}: {literal(value) if isinstance(value, str) else value}" for name, value in values.items()
    )
    return f"map {{{pairs}}}"


def _lines(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while batch := result.fetchmany(_BATCH):
        yield from batch


class _State:
    """Tells the state of a column's cells."""

    def __init__(self, column: Column, masking: Masking) -> None:
        self.name = column.element
        # what is not shown is not asked either: that would tell that it is empty
        self.empty = FILL if column.is_fillable and masking is not HIDDEN else NONE
        self.full = VERIFY if column.reason else KNOWN


def _row(line: tuple[object, ...], states: Sequence[_State]) -> Row:
    _, entity_id, *cells, sources, doubts = line
    doubted = {each["element_id"]: each["words"] for each in doubts or ()}  # type: ignore[attr-defined]
    letters = [
        state.empty if cell is None else VERIFY if state.name in doubted else state.full
        for cell, state in zip(cells, states, strict=True)
    ]
    return Row(str(entity_id), tuple(cells), "".join(letters), str(sources or ""), doubted)


def sources(row: Row) -> Mapping[str, str]:
    """Return heading → 系统 日期, read back from what stands in one line of a row."""
    found: dict[str, str] = {}
    for part in filter(None, row.sources.split("；")):
        said, _, headings = part.partition("：")
        found |= dict.fromkeys(headings.split("、"), said)
    return found
