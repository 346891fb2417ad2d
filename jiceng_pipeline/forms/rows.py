"""The rows of a form for many communities in one pass: who is in it, what is known of them, whence, and what is not.

A row set says who; every other column is looked up by the entity's key: the governed value where there is one,
else the winning value. So what a community collects under one form stands in every other that has the element.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import duckdb

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.forms.definition import PLACE, Column, Form
from jiceng_pipeline.forms.doubts import doubted
from jiceng_pipeline.forms.sheet_key import FILL, KNOWN, NONE, VERIFY
from jiceng_pipeline.forms.tables import Tables
from jiceng_pipeline.forms.whence import sourced
from jiceng_pipeline.returns.masks import HIDDEN, SHOWN, Masking
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier

_BATCH = 5_000
_PART = 20_000  # rows that are looked up at once


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
    _list(
        connection,
        form,
        f"""create or replace temp table form_rows as
        with who as ({who(form, where)}),
        counted as (select {PLACE}, count(*) as rows from who group by {PLACE})
        select who.*, part.number from who
        join (
            select {PLACE}, cast(sum(rows) over (order by {PLACE}) // {_PART} as bigint) as number from counted
        ) as part using ({PLACE})""",
    )
    parts = connection.execute(
        f"select list(distinct {PLACE} order by {PLACE}) from form_rows group by number order by number"
    ).fetchall()
    for (places,) in parts:
        for place, lines in groupby(_looked_up(connection, form, maskings, as_of, places), lambda line: line[0]):
            yield str(place), [_row(line, states) for line in lines]


def _list(connection: duckdb.DuckDBPyConnection, form: Form, statement: str) -> None:
    try:
        connection.execute(statement)
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        # it quotes names of the definition and of tables, no value
        what = f"行集查不出来：{' '.join(str(error).partition('LINE ')[0].split())}"
        cure = f"在表的定义里改 rows.sql：要有 {PLACE}、{form.rows.key} 和 derives 里的列"
        raise DefinitionError(what, where=f"表单 {form.id}", cure=cure) from None


def _looked_up(
    connection: duckdb.DuckDBPyConnection,
    form: Form,
    maskings: Mapping[str, Masking],
    as_of: str,
    places: Sequence[str],
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of some communities; where they do not fit into memory, of the first half and then the other."""
    listed = ", ".join(map(literal, places))
    part = f"select * exclude (number) from form_rows where {PLACE} in ({listed})"
    try:
        result = connection.execute(select(connection, form, maskings, as_of, part))
    except duckdb.OutOfMemoryException:
        if len(places) == 1:
            raise
        half = len(places) // 2
        for some in (places[:half], places[half:]):
            yield from _looked_up(connection, form, maskings, as_of, some)
    else:
        yield from _lines(result)


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
    tables = Tables(connection, form)
    shown = ",\n".join(
        f"{in_words(each.of, masked_by[each.element].sql(tables.cell(each)), {})} as {identifier(each.element)}"
        for each in form.columns
    )
    told = [each for each in form.columns if masked_by[each.element] is not HIDDEN]
    masked = any(each is not SHOWN for each in masked_by.values())
    return f"""with who as materialized ({listed}),
    {sourced(form, tables, told, as_of)},
    {doubted(form, tables, told, masked)}
    select who.{PLACE}, who.entity_id, {shown}, sourced.said, doubted.said
    from who
    left join (
        select * from governance.{entity} where {key} in (select entity_id from who)
    ) as governed on governed.{key} = who.entity_id
    left join (
        select * from matching.{entity}_golden where entity_id in (select entity_id from who)
    ) as golden on golden.entity_id = who.entity_id
    left join sourced on sourced.entity_id = who.entity_id
    left join doubted on doubted.entity_id = who.entity_id
    order by who.{PLACE}, who.place"""


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
