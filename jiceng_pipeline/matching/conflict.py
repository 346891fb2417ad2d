"""取值不一 (conflict): the cells about which systems disagree, with what stands and what the others say."""

from collections.abc import Collection, Iterator, Sequence

import duckdb

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import frozen, holders, sole
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.matching.survivorship import elements, proof, rule
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.table import Table

_HARM = ("high", "medium", "low")


def table() -> Table:
    """Return the table of the build."""
    parts = {f"matching.{entity}_{part}" for entity in matchings() for part in ("candidate", "winner", "golden")}
    return Table(
        "governance",
        "conflict",
        "取值不一",
        "各部门对同一格说法不同之处，现取值和其他取值并列；错了最要紧的、说法不同的部门最多的在前",
        frozenset(parts | {"matching.frozen_cell"}),
        build,
        is_one_transaction=False,
    )


def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
    """Create `governance.conflict`, a row a cell: what stands, by which rule, and what the others say.

    `other_date` is the latest of theirs, `other_count` how many systems they are, `harm` that of the element, 1 the
    worst.
    """
    # one element after the other: seventy of them in one statement want a gigabyte even of a village
    create = "create or replace temp table disagreeing as"
    for matching in matchings().values():
        for select in _parts(connection, matching):
            connection.execute(f"{create} {select}")
            create = "insert into temp.disagreeing"
    connection.execute(
        """create or replace table governance.conflict as from temp.disagreeing
        order by harm, other_count desc, entity, entity_id, element_id"""
    )
    parts = ("dissent", "stands", "won", "present")
    for name in ("disagreeing", *(f"{entity}_{part}" for entity in matchings() for part in parts)):
        connection.execute(f"drop table temp.{name}")


def _parts(connection: duckdb.DuckDBPyConnection, matching: Matching) -> list[str]:
    """Return a select for each element that is held; of a kind of which there is nobody one finds nothing."""
    every = elements(matching.entity)
    stands = sole.held(connection, matching.entity)
    disputed = sole.disputed(connection, matching.entity)
    found = holders.holdings(connection, matching.entity, [each for each in every if each.id in stands], disputed)
    held = [each for part in found for each in part.elements]
    _create_dissent(connection, matching, held or every[:1], disputed)
    return list(_selects(matching, held or every[:1], stands))


def _create_dissent(
    connection: duckdb.DuckDBPyConnection, matching: Matching, held: Sequence[Element], disputed: str
) -> None:
    """Create temp tables of the candidates that say anything else than what stands, and of what stands there.

    Few do, and each element is then looked at among them alone: <entity>_dissent, _stands (chosen), _won
    (standing) and _present (all candidates of the same entities).
    """
    entity = matching.entity
    differs = " or ".join(f"c.{each.id} <> g.{each.id}" for each in held) or "false"
    cells = "".join(f", c.{each.id}" for each in held)
    told = dict.fromkeys(name for each in held if (number := each.survivorship.proof) for name in (number, each.id))
    proving = "".join(f", c.{name}" for name in told)
    spoken = "c.record_id, c.system, c.record_date"
    connection.execute(
        f"""create or replace temp table {entity}_dissent as select c.entity_id, {spoken}{cells}
        from matching.{entity}_candidate as c join matching.{entity}_chosen as g on g.entity_id = c.entity_id
        where {disputed} and ({differs})"""
    )
    wanted = {"stands": ("chosen", f"c.entity_id{cells}"), "won": ("standing", "c.*")}
    for name, (of, columns) in {**wanted, "present": ("candidate", spoken + proving)}.items():
        connection.execute(
            f"""create or replace temp table {entity}_{name} as select {columns} from matching.{entity}_{of} as c
            semi join temp.{entity}_dissent as d on d.entity_id = c.entity_id"""
        )


def _selects(matching: Matching, held: Sequence[Element], stands: Collection[str]) -> Iterator[str]:
    """Yield per element a select of the entities whose systems disagree."""
    entity = matching.entity
    for each in held:
        text, proved = f"cast(c.{each.id} as varchar)", proof(each, "p")
        is_proved = f", coalesce(bool_or({proved}), false) as is_proved" if proved else ""
        standing_id = f"w.records[w.{each.id}]" if each.id in stands else "null"
        stood = rule(each, entity, "c.is_proved" if proved else None)
        yield f"""select '{entity}' as entity, c.entity_id, '{each.id}' as element_id, c.present_value,
            coalesce(c.system, {literal(frozen.SYSTEM)}) as present_system, c.present_date, c.other_values,
            c.other_systems, c.other_date,
            case when c.system is null then {literal(frozen.RULE)} else {stood} end as rule,
            {_HARM.index(each.harm) + 1} as harm, c.other_count
            from (
                select c.entity_id, cast(max(g.{each.id}) as varchar) as present_value, max(p.system) as system,
                    max(p.record_date) as present_date{is_proved},
                    string_agg(distinct {text}, '；' order by {text}) as other_values,
                    string_agg(distinct c.system, ',' order by c.system) as other_systems,
                    max(c.record_date) as other_date, count(distinct c.system) as other_count
                from temp.{entity}_dissent as c
                join temp.{entity}_stands as g using (entity_id)
                join temp.{entity}_won as w using (entity_id)
                left join temp.{entity}_present as p on p.record_id = {standing_id}
                where c.{each.id} <> g.{each.id}
                group by c.entity_id) as c"""
