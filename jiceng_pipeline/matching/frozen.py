"""固定值 (frozen values): cells in which a person's word stands, whatever the systems say, until it is taken back."""

from collections.abc import Callable, Collection, Iterable, Mapping

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.landing.standard_values import FUNCTIONS
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import verdicts
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element

SYSTEM = "ledger/freeze"  # where a frozen value comes from, in the place of a department's system
RULE = "frozen"
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("entity", "record_id", "element_id", "value")),
        ("frozen_date", pa.date32()),
        ("nth", pa.int64()),
    ]
)


def create_frozen_cell(
    connection: duckdb.DuckDBPyConnection, settings: Settings, every: Mapping[str, Matching]
) -> None:
    """Create `matching.frozen_cell(entity, entity_id, element_id, value, record_id, frozen_date)`.

    One row a cell: it follows the record it was said of. Where two freezes have come to one entity the later
    word counts; one without a value denies what systems say. The number that makes an entity cannot be any other
    than one of its own records has: a freeze of another waits until it has one. A community that was merged is what
    it became.
    """
    with open_ledger(settings) as ledger:
        said = [
            {
                "entity": entry.body.entity,
                "record_id": entry.body.record_id,
                "element_id": entry.body.element_id,
                "value": entry.body.value,
                "frozen_date": entry.at.astimezone(clock.LOCAL).date(),
                "nth": entry.seq,
            }
            for entry in verdicts.frozen(ledger, bound(connection))
        ]
    parts = " union all ".join(_placed(matching) for matching in every.values())
    connection.register("freeze_said", pa.Table.from_pylist(said, schema=_SCHEMA))
    try:
        connection.execute(
            f"""create or replace table matching.frozen_cell as
            select entity, entity_id, element_id, value, record_id, frozen_date from ({parts})
            qualify row_number() over (partition by entity, entity_id, element_id order by nth desc) = 1
            order by entity, entity_id, element_id"""
        )
    finally:
        connection.unregister("freeze_said")


def _placed(matching: Matching) -> str:
    """Return the select of one kind's freezes with the entity their record belongs to now."""
    entity = matching.entity
    divisions = ", ".join(literal(each.id) for each in register.elements_of(entity) if each.type == "division")
    value = "s.value"
    became = ""
    if divisions:
        value = "coalesce(d.code, s.value)"
        became = f"""left join standard.division_alias as d
            on d.alias = s.value and d.county_code = '' and s.element_id in ({divisions})"""
    return f"""select s.entity, l.entity_id, s.element_id, {value} as value, s.record_id, s.frozen_date, s.nth
        from freeze_said as s join matching.{entity}_link as l using (record_id) {became}
        where s.entity = {literal(entity)} and exists (
            select 1 from matching.{entity}_candidate as c where c.entity_id = l.entity_id
                and (s.element_id <> {literal(matching.identifier)} or c.{matching.identifier} = s.value))"""


def elements(connection: duckdb.DuckDBPyConnection, entity: str) -> frozenset[str]:
    """Return the elements of which this build has a frozen cell."""
    rows = connection.execute(
        "select distinct element_id from matching.frozen_cell where entity = ? order by all", [entity]
    ).fetchall()
    return frozenset(element for (element,) in rows)


def pivoted(entity: str, cells: Mapping[str, str]) -> str:
    """Return a select of one row an entity with frozen cells; `cells` is element → SQL over matching.frozen_cell.

    Beside each `<element>` is `is_<element>`: whether it is frozen.
    """
    columns = ", ".join(
        f"max({sql}) filter (where {of}) as {id}, bool_or({of}) as is_{id}"
        for id, sql in cells.items()
        for of in (f"element_id = {literal(id)}",)
    )
    return f"select entity_id, {columns} from matching.frozen_cell where entity = {literal(entity)} group by entity_id"


def overruled(every: Iterable[Element], by_word: Collection[str], word: Callable[[str], str]) -> str:
    """Return a select list of the elements of a table w; those `by_word`, where `pivoted` as z has them, as `word`."""
    return ", ".join(
        f"case when z.is_{each.id} then {word(each.id)} else w.{each.id} end as {each.id}"
        if each.id in by_word
        else f"w.{each.id}"
        for each in every
    )


def standard_value(connection: duckdb.DuckDBPyConnection, element: Element, typed: str) -> str | None:
    """Return what a person typed as the element's standard value in text, None where it is none."""
    limits: list[object] = []
    if function := FUNCTIONS.get(element.type):
        sql = f"cast({function}(t) as varchar)"
    elif element.type == "division":
        sql = "(select min(a.code) from standard.division_alias as a where a.alias = t and a.county_code = '')"
    elif element.code_set is not None:
        sql = f"case when t in ({', '.join(map(literal, code_sets()[element.code_set]))}) then t end"
    else:
        sql = "std_text(t)"
    if element.max_length:
        limits.append(f"length(v) <= {element.max_length}")
    if element.pattern:
        limits.append(f"regexp_full_match(v, {literal(element.pattern)})")
    fits = " and ".join(("v is not null", *map(str, limits)))
    found = connection.execute(
        f"select v from (select {sql} as v from (select cast(? as varchar) as t)) where {fits}", [typed.strip()]
    ).fetchall()
    return found[0][0] if found else None
