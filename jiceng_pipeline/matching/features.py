"""What is compared: each record once, with the texts that are compared and numbers for all that is only equal or not.

Numbers stand for values within one build (`value_number`); what a model version pins of them is a keyed hash.
"""

import re
from collections.abc import Iterator

import duckdb

from jiceng_pipeline.matching import kinds as comparison_kinds
from jiceng_pipeline.matching import macros
from jiceng_pipeline.matching.model import Matching, Value

# what is read of a record beside what its features and values are made of
_ALWAYS = ("record_id", "system", "is_current", "first_landed")


def create(
    connection: duckdb.DuckDBPyConnection, matching: Matching, only: str = "true", into: str = "prepared"
) -> None:
    """Create `prepared`, one row a record where the SQL `only` holds: a table `into`, or a view of that name over it.

    Views over it: `fact`, all but the texts; `entity_row`, those of the records that belong to an entity, by its
    tid; `wording`, the texts alone.

    Columns: rid (a number for the record, its order that of record_id), record_id, is_current; landed, the place of
    `first_landed` among all there are; tid, the number of its identifier, null where it has none or another's;
    borrowed, the number of the identifier that is another's; place, of its system; `f_<feature>`, texts that are
    compared; `b_<feature>`, numbers for what is only equal or not, blocks are made of and bearers are counted by;
    face, a number for all that is compared; `v_<value>_<n>`, numbers for what records share; mark, a number for all
    that is read of the record, whatever others say.
    """
    macros.create(connection)
    connection.execute(
        f"""drop view if exists wording; drop table if exists looked_up;
        create or replace temp table landing_place as
        select first_landed, cast(row_number() over (order by first_landed) as uinteger) as landed
        from (select distinct first_landed from {matching.records})"""
    )
    if into == "prepared":
        connection.execute(f"create or replace temp table prepared as {_select(matching, only)}")
    else:
        connection.execute(
            f"""create or replace table {into} as {_select(matching, only)};
            drop table if exists prepared;
            create or replace temp view prepared as from {into}"""
        )
    connection.execute(
        f"""create or replace temp view fact as select {columns(matching)} from prepared;
        create or replace temp view entity_row as from fact where tid is not null;
        create or replace temp view wording as select {_texts(matching)} from prepared"""
    )


def see_kept(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Let the views be of `kept.entity_row` and `kept.loose_row`; texts are where `look_up` puts them, in `wording`.

    Those of `prepared` are there already.
    """
    connection.execute(
        f"""create or replace temp view entity_row as from kept.entity_row;
        create or replace temp view fact as from kept_row;
        create or replace temp table looked_up as select {_texts(matching)} from prepared;
        create or replace temp view wording as from looked_up;
        create or replace temp view loose_row as from kept.loose_row;
        create or replace temp view loose_id as from kept.loose_id"""
    )


def is_looked_up(connection: duckdb.DuckDBPyConnection) -> bool:
    """Say whether rows come without their texts, so that `look_up` has to find these."""
    found = connection.execute("select 1 from duckdb_tables() where temporary and table_name = 'looked_up'")
    return bool(found.fetchall())


def look_up(connection: duckdb.DuckDBPyConnection, matching: Matching, rows: str) -> None:
    """See to it that the records of `rows(rid)` are in `wording`; where all are prepared, they are."""
    if is_looked_up(connection):
        connection.execute(
            f"create or replace temp table missing as select distinct rid from {rows} anti join wording using (rid)"
        )
        if connection.execute("select 1 from missing limit 1").fetchall():
            there = f"r.rowid in ({places(matching, 'from missing')})"
            connection.execute(f"insert into looked_up select {_texts(matching)} from ({_select(matching, there)})")


def places(matching: Matching, rids: str) -> str:
    """Return a select of the rowid of the records of `kept_row` that this select of rid names.

    Whole rows by their places cost a tenth of what they cost by anything that has to be compared first.
    """
    return f"""select rowid as place from {matching.records}
        where content_mark in (select mark from kept_row where rid in (select rid from ({rids})))"""


def read(matching: Matching) -> set[str]:
    """Return the words of all SQL over a record: among them each column that `content_mark` must say something of."""
    values = (sql for each in matching.values.values() for sql in each.columns)
    return words(*_ALWAYS, matching.identifier, *matching.features.values(), *values)


def words(*sql: str) -> set[str]:
    """Return the words of some SQL: among them the columns that it reads."""
    return set(re.findall(r"\w+", " ".join(sql)))


def said(connection: duckdb.DuckDBPyConnection, matching: Matching, words: set[str]) -> str:
    """Return the columns of the records that are among these words: to read the others as well takes long."""
    every = connection.execute(f"describe {matching.records}").fetchall()
    return ", ".join(name for name, *_ in every if name in words)


def _texts(matching: Matching) -> str:
    return ", ".join(("rid", "record_id", *compared_cells(matching).values()))


def _select(matching: Matching, only: str) -> str:
    spelt, compared = comparison_kinds.spelt(matching), compared_cells(matching)
    numbered = dict.fromkeys((*matching.blocked(), *matching.counted(), *(n for n in compared if n not in spelt)))
    cells = [
        "mark_number(system) as place",
        *(f"{matching.features[name]} as f_{name}" for name in spelt),
        *(f"{numbering(matching, name)}({matching.features[name]}) as b_{name}" for name in numbered),
        *(f"mark_number({sql}) as {cell}" for _, sql, cell in cells_of(matching)),
    ]
    return f"""select *, hash({", ".join(compared.values())}) as face
        from (
            select record_number(record_id) as rid, record_id, is_current, landed,
                case when not is_borrowed then value_number(identifier) end as tid,
                case when is_borrowed then value_number(identifier) end as borrowed,
                content_mark as mark, {", ".join(cells)}
            from (
                select r.*, r.{matching.identifier} as identifier, a.record_id is not null as is_borrowed, p.landed
                from {matching.records} as r left join landing_place as p using (first_landed) left join (
                    select record_id from matching.{matching.entity}_borrowed) as a using (record_id)
                where {only}))"""


def numbering(matching: Matching, feature: str) -> str:
    """Return the macro that numbers a feature: of what is counted no two may have one number, not even by chance."""
    return "value_number" if feature in matching.counted() else "mark_number"


def compared_cells(matching: Matching) -> dict[str, str]:
    """Return the features that are compared, each with its column: a text, or a number where that is enough."""
    spelt = comparison_kinds.spelt(matching)
    return {name: f"{'f' if name in spelt else 'b'}_{name}" for name in matching.faced()}


def columns(matching: Matching, tid: str = "tid") -> str:
    """Return the columns of `prepared` as a select list, but for the texts; `tid` is SQL for that column.

    The texts stay where they are until two records are compared: to carry them costs more than to look them up.
    """
    return f"rid, {tid} as tid, mark, {facts(matching)}"


def facts(matching: Matching) -> str:
    """Return those of these columns that say what a record is like: two alike in all weigh alike against anybody."""
    numbered = (f"b_{each}" for each in dict.fromkeys((*matching.blocked(), *matching.counted())))
    shared = (cell for *_, cell in cells_of(matching))
    return ", ".join(("borrowed", "is_current", "place", "face", *numbered, *shared))


def cells_of(matching: Matching) -> Iterator[tuple[int, str, str]]:
    """Yield kind, SQL and column of `prepared` for everything that records share; kind is the place of a value."""
    for kind, (name, value) in enumerate(matching.values.items()):
        yield from ((kind, sql, f"v_{name}_{place}") for place, sql in enumerate(value.columns))


def limited(matching: Matching) -> Iterator[tuple[int, Value]]:
    """Yield the kinds of which common values are stopped."""
    yield from ((kind, each) for kind, each in enumerate(matching.values.values()) if each.holders)


def values(
    matching: Matching, rows: str, identity: str = "rid", kinds: set[int] | None = None, *, all_said: bool = False
) -> str:
    """Return a select of (identity, kind, value): what the `rows` of `prepared` share, one row a value.

    What a row says in two columns is there once, or, with `all_said`, as often as it says it.
    """
    parts, said = [], dict[int, list[str]]()
    for kind, _, cell in cells_of(matching):
        if kinds is None or kind in kinds:
            own = "" if all_said else "".join(f" and {cell} is distinct from {other}" for other in said.get(kind, ()))
            said.setdefault(kind, []).append(cell)
            parts.append(
                f"""select {identity}, cast({kind} as utinyint) as kind, {cell} as value
                from {rows} where {cell} is not null{own}"""
            )
    return " union all ".join(parts)
