"""待核对 (the review queue): pairs of records a person should look at, those first whose answer changes most.

What an answer changes (`gain`): were the two sides one, how many records would change hands (those of the
side with fewer), times on how many data elements the two sides do not say the same, one of them silent
included; plus 100 for every benefit that either side draws (on both sides it counts twice: paid twice,
perhaps); plus 200 where a death is known of one side only. It is the worth of asking, no likelihood.

A pair does not come back once anybody has spoken of a record of the one side and a record of the other.
Where they could not tell, it comes back when one of the two records says something else.
"""

from dataclasses import dataclass
from typing import Literal

import duckdb
import pyarrow as pa

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.matching import collected, survivorship, verdicts
from jiceng_pipeline.matching.founding import keyed
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline.matching.verdicts import Word
from jiceng_pipeline.standard.macro import literal

_GREY_BITS = 4  # this far below the link weight a person is still asked
_BENEFITS = {
    "resident": (
        "subsistence_category_code", "pension_monthly_cny", "elderly_allowance_monthly_cny", "disability_grade_code",
        "preferential_treatment_code",
    ),
    "enterprise": ("food_licence_number",),
}  # fmt: skip
_DEATH = {"resident": "death_date"}
_TOLD_APART = {"resident": ("citizen_id", "name", "phone", "dwelling_address")}
_BENEFIT_GAIN, _DEATH_GAIN = 100, 200
_SAID = pa.schema([(name, pa.string()) for name in ("record_id_a", "record_id_b", "seen")])


@dataclass(frozen=True)
class Question:
    """One pair to look at: is `record_id` of the same person (enterprise) as `other_record_id`?

    `weight_bits` is how much speaks for it; None for a borrowed number, where that was not weighed.
    """

    record_id: str
    other_record_id: str
    system: str
    other_system: str
    entity_id: str
    other_entity_id: str
    reason: Literal["borrowed", "ambiguous", "possible"]
    gain: int
    weight_bits: float | None


def create_review(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `matching.<entity>_review`, one row a pair of records that nobody has answered, in order of gain.

    Columns: record_id_a, record_id_b (the key, the smaller first), record_id (the one of the two that is in
    question), entity_id (what the other belongs to), reason, weight (hundredths of a bit), gain. `borrowed`:
    the record carries the valid number of that entity under an incompatible name. `ambiguous`: it agrees with
    that entity and at least one more. `possible`: with that one, not quite enough, or a community collected that
    entity's number of it, or both have a number of their own, and one name with one telephone or dwelling: the police
    may have changed it. Where the record by which an entity goes is gone, one stands for it that is still there.
    """
    entity = matching.entity
    with open_ledger(settings) as ledger:
        said = verdicts.words(ledger, bound(connection))
    _answered(connection, settings, entity, said)
    _create_renumbered(connection, entity)
    connection.execute(
        f"""create or replace table matching.{entity}_review as
        with {_close(connection, matching)}, placed as (
            select c.record_id, c.other, c.reason, c.weight, mine.entity_id as own_id, l.entity_id, l.is_current
            from close as c
            join matching.{entity}_link as mine on mine.record_id = c.record_id and mine.is_current
            join matching.{entity}_link as l on l.record_id = c.other
            where mine.entity_id <> l.entity_id
        ), stand_in as (
            -- what founded an entity may be gone, and what it says be out of date
            select entity_id, min(record_id) as record_id from matching.{entity}_link
            where is_current and entity_id in (select entity_id from placed where not is_current) group by entity_id
        ), asked as (
            select p.* replace (coalesce(i.record_id, p.other) as other)
            from placed as p left join stand_in as i on i.entity_id = p.entity_id and not p.is_current
        )
        select least(a.record_id, a.other) as record_id_a, greatest(a.record_id, a.other) as record_id_b,
            a.record_id, a.entity_id, a.reason, a.weight, {_gain(entity)} as gain
        from asked as a
        join matching.{entity}_golden as x on x.entity_id = a.own_id
        join matching.{entity}_golden as y on y.entity_id = a.entity_id
        anti join answered as s on s.one = a.own_id and s.other = a.entity_id
        order by gain desc, record_id_a, record_id_b, record_id, reason"""
    )


def open_review(
    connection: duckdb.DuckDBPyConnection, settings: Settings, ledger: Ledger, entity: str, limit: int
) -> list[Question]:
    """Return at most `limit` questions of a published version, most gain first; what was answered since is gone.

    Of several pairs between the same two sides one is asked, the answer settles all. Raise UsageError for a
    kind of entity that is not matched.
    """
    if entity not in matchings():
        raise UsageError(f"没有 {entity} 的核对清单", where="核对清单", cure=f"可用：{'、'.join(matchings())}")
    _answered(connection, settings, entity, verdicts.words(ledger))
    rows = connection.execute(
        f"""with pair as (
            select r.record_id, r.entity_id as other_entity_id, r.reason, r.gain, r.weight,
                case when r.record_id = r.record_id_a then r.record_id_b else r.record_id_a end as other
            from matching.{entity}_review as r
        ), placed as (
            select p.record_id, p.other, mine.system, l.system as other_system, mine.entity_id, p.other_entity_id,
                p.reason, p.gain, p.weight
            from pair as p
            join matching.{entity}_link as mine on mine.record_id = p.record_id
            join matching.{entity}_link as l on l.record_id = p.other
            anti join answered as s on s.one = mine.entity_id and s.other = p.other_entity_id
            qualify row_number() over (
                partition by least(mine.entity_id, p.other_entity_id), greatest(mine.entity_id, p.other_entity_id)
                order by p.weight desc nulls last, p.reason, p.record_id, p.other) = 1
        )
        select record_id, other, system, other_system, entity_id, other_entity_id, reason, gain,
            cast(weight as double) / 100 as weight_bits
        from placed order by gain desc, weight desc nulls last, record_id, other limit ?""",
        [limit],
    ).fetchall()
    return [Question(*row) for row in rows]


def seen(connection: duckdb.DuckDBPyConnection, settings: Settings, entity: str, one: str, other: str) -> str | None:
    """Return a keyed hash of what two records say now, None where one of them is not there."""
    _say(connection, [Word(entity, min(one, other), max(one, other), "unsure", None)])
    rows = connection.execute(f"select seen from ({_seen(settings, entity)})").fetchall()
    return rows[0][0] if rows else None


def _close(connection: duckdb.DuckDBPyConnection, matching: Matching) -> str:
    """Return the CTEs that end in `close(record_id, other, reason, weight)`: a record and what it came near."""
    entity, number = matching.entity, matching.identifier
    link, margin = round(matching.link * 100), round(matching.margin * 100)
    floor = link - _GREY_BITS * 100
    reference = ", ".join(literal(system) for system in matching.reference_systems)
    return f"""owner as (
            -- of the records that own a number the register's, else one that is still there
            select r.{number} as identifier, r.record_id
            from {matching.records} as r semi join matching.{entity}_borrowed as b on b.identifier = r.{number}
            where r.record_id not in (select record_id from matching.{entity}_borrowed)
            qualify row_number() over (partition by r.{number}
                order by r.is_current desc, coalesce(r.system in ({reference}), false) desc, r.record_id) = 1
        ), apart as (
            select * from matching.{entity}_match where method in ('pool', 'single') and near_weight >= {floor}
        ), one_of as (
            select entity_id, min(record_id) as record_id from matching.{entity}_link where is_current
            group by entity_id
        ), close as (
            select record_id, near_record_id as other, near_weight as weight,
                case when second_weight >= {floor} and near_weight - second_weight < {margin}
                    then 'ambiguous' else 'possible' end as reason
            from apart
            union all
            select record_id, second_record_id, second_weight, 'ambiguous' from apart
            where second_weight >= {floor} and near_weight - second_weight < {margin}
            union all
            select b.record_id, o.record_id, null, 'borrowed'
            from matching.{entity}_borrowed as b join owner as o using (identifier)
            union all
            select a.record_id, b.record_id, null, 'possible'
            from ({collected.of_others(connection, matching)}) as o
            join one_of as a on a.entity_id = o.entity_id join one_of as b on b.entity_id = o.other_id
            union all
            select record_id, other, null, 'possible' from renumbered
        )"""


def _create_renumbered(connection: duckdb.DuckDBPyConnection, entity: str) -> None:
    """Create temp table `renumbered(record_id, other)`: a record each of two who may be one under two numbers.

    They are of one name and telephone or dwelling. Of one name behind one telephone there may be more than two in a
    workplace's dormitory; of these nobody is asked. A table of its own: in the middle of `close` DuckDB took most of a
    minute for a village.
    """
    connection.execute("create or replace temp table two_numbers (one varchar, other varchar)")
    number, name, *places = _TOLD_APART.get(entity, ("", ""))
    for place in places:
        connection.execute(
            f"""insert into two_numbers
            select min(entity_id), max(entity_id) from matching.{entity}_golden
            where {number} is not null and {name} is not null and {place} is not null
            group by {name}, {place} having count(*) = 2"""
        )
    connection.execute(
        f"""create or replace temp table renumbered as
        with one_of as (
            select entity_id, min(record_id) as record_id from matching.{entity}_link
            where is_current and entity_id in (
                select one from two_numbers union all select other from two_numbers)
            group by entity_id
        )
        select distinct a.record_id, b.record_id as other
        from two_numbers as t join one_of as a on a.entity_id = t.one join one_of as b on b.entity_id = t.other"""
    )


def _gain(entity: str) -> str:
    """Return SQL over the golden records `x` and `y` of the two sides; the module says what it means."""
    moved = " + ".join(
        f"cast(x.{each.id} is distinct from y.{each.id} as integer)" for each in survivorship.elements(entity)
    )
    drawn = " + ".join(
        f"cast({side}.{benefit} is not null as integer)" for benefit in _BENEFITS.get(entity, ()) for side in "xy"
    )
    died = f"cast((x.{_DEATH[entity]} is null) <> (y.{_DEATH[entity]} is null) as integer)" if entity in _DEATH else "0"
    return f"""cast(least(x.record_count, y.record_count) * ({moved})
        + {_BENEFIT_GAIN} * ({drawn or 0}) + {_DEATH_GAIN} * {died} as bigint)"""


def _answered(connection: duckdb.DuckDBPyConnection, settings: Settings, entity: str, said: list[Word]) -> None:
    """Create temp table `answered(one, other)`: entities of which somebody has said whether they are one."""
    words_of_it = [word for word in said if word.entity == entity]
    if not words_of_it:
        connection.execute("create or replace temp table answered (one varchar, other varchar)")
        return
    _say(connection, words_of_it)
    connection.execute(
        f"""create or replace temp table answered as
        with holds as (
            select s.record_id_a, s.record_id_b from word_pair as s
            left join ({_seen(settings, entity)}) as now using (record_id_a, record_id_b)
            where s.seen is null or s.seen is not distinct from now.seen
        ), pair as (
            select a.entity_id as one, b.entity_id as other from holds as h
            join matching.{entity}_link as a on a.record_id = h.record_id_a
            join matching.{entity}_link as b on b.record_id = h.record_id_b
        )
        select one, other from pair union select other, one from pair"""
    )


def _say(connection: duckdb.DuckDBPyConnection, said: list[Word]) -> None:
    """Create temp table `word_pair(record_id_a, record_id_b, seen)`."""
    rows = [{"record_id_a": word.record_id_a, "record_id_b": word.record_id_b, "seen": word.seen} for word in said]
    connection.register("words_said", pa.Table.from_pylist(rows, schema=_SAID))
    try:
        connection.execute("create or replace temp table word_pair as select * from words_said")
    finally:
        connection.unregister("words_said")


def _seen(settings: Settings, entity: str) -> str:
    """Return a select of (record_id_a, record_id_b, seen) over `word_pair`: what both records say now, hashed."""
    cells = ", ".join(f"coalesce(cast({each.id} as varchar), chr(0))" for each in survivorship.elements(entity))
    both = keyed(settings, "seen", "a.said || chr(30) || b.said")
    return f"""with content as (
            select record_id, concat_ws(chr(31), {cells}) as said from standard.{entity}_record
            where record_id in (select record_id_a from word_pair union all select record_id_b from word_pair)
        )
        select s.record_id_a, s.record_id_b, {both} as seen
        from word_pair as s join content as a on a.record_id = s.record_id_a
        join content as b on b.record_id = s.record_id_b"""
