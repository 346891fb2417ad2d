"""选址 (siting): where one more point helps most people, by greedy maximum coverage.

Greedy covers at least 1 − 1/e (63 %) of what the best choice of as many places could (Nemhauser, Wolsey and Fisher
1978). For the city at hand the bound is tighter: after any step, the best choice of k places cannot cover more
than what is covered then and the k largest gains there are, for coverage has diminishing returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import e, floor

import duckdb
import pyarrow as pa

from jiceng_pipeline.services import nearest
from jiceng_pipeline.services.coverage import STEP, THRESHOLD
from jiceng_pipeline.services.item import Item
from jiceng_pipeline.services.network import Network
from jiceng_pipeline.services.reach import Sets, nodes_of
from jiceng_pipeline.services.walking import Walking

GUARANTEE = 1 - 1 / e
_CELL = 300.0  # metres: of the spots of one cell the one with most people is a candidate
_DIGITS = 3  # of degrees: about a hundred metres, so that no place told is somebody's door


@dataclass(frozen=True)
class Suggestion:
    """One more place: about where, in which community, how many more people it would bring near, all steps so far."""

    step: int
    community_code: str
    longitude: float
    latitude: float
    gained: int
    covered: int


@dataclass(frozen=True)
class Plan:
    """The places in their order, of so many people who are far now; surely at least this share of the best there is.

    `people` is None where they are fewer than eight, and the share is in whole hundredths: as it was divided it would
    tell the numbers that are rounded.
    """

    item: str
    people: int | None
    suggestions: tuple[Suggestion, ...]
    share_of_best: float


def greedy(connection: duckdb.DuckDBPyConnection, gain: str, count: int) -> tuple[list[tuple[int, int]], int]:
    """Return (candidate, people gained) of each step, and the most that any so many candidates could cover.

    `gain(candidate, demand_group, people)` is a table that has of each candidate the groups it would cover; it
    is used up. Ties go to the smaller candidate.
    """
    chosen: list[tuple[int, int]] = []
    bounds: list[int] = []
    covered = 0
    while True:
        worth = connection.execute(
            f"""select candidate, sum(people)::bigint as gained from {gain}
            group by candidate order by gained desc, candidate limit {count}"""
        ).fetchall()
        bounds.append(covered + sum(gained for _, gained in worth))
        if len(chosen) == count or not worth:
            return chosen, min(bounds)
        best, gained = worth[0]
        chosen.append((best, gained))
        covered += gained
        connection.execute(
            f"delete from {gain} where demand_group in (select demand_group from {gain} where candidate = {best})"
        )


def suggest(
    connection: duckdb.DuckDBPyConnection,
    walking: Walking,
    item: Item,
    wanted: Sets,
    count: int = 5,
    paths: Network | None = None,
) -> Plan:
    """Return where to put more points of an item; needs the `reach` that was measured for it, along the same paths.

    Candidates are spots where people live, the fullest of every 300 metres. Numbers of people are rounded down
    to five, a place that helps fewer than eight is left out.
    """
    _demand(connection, walking, item, wanted)
    people = int(connection.execute("select coalesce(sum(people), 0) from demand").fetchall()[0][0])
    candidates = _candidates(connection)
    if paths is None:
        _gain(connection, walking)
    else:
        _gain_along(connection, walking, paths)
    chosen, bound = greedy(connection, "gain", count)
    covered, suggestions = 0, []
    for step, (candidate, gained) in enumerate(chosen, start=1):
        covered += gained
        if gained >= THRESHOLD:
            community, longitude, latitude = candidates[candidate]
            about = round(longitude, _DIGITS), round(latitude, _DIGITS)
            suggestions.append(Suggestion(step, community, *about, _down(gained), _down(covered)))
    share = max(GUARANTEE, covered / bound) if bound else 1.0
    told = None if 0 < people < THRESHOLD else _down(people)
    return Plan(item.id, told, tuple(suggestions), floor(share * 100) / 100)


def _demand(connection: duckdb.DuckDBPyConnection, walking: Walking, item: Item, wanted: Sets) -> None:
    """Create `demand`: the spots and profiles that are not near now, and how many people they are."""
    selects = " union all ".join(
        f"""select walker.place, walker.community_code, walker.profile,
            {profile.metres(walking.minutes)} as limit_metres, sum(walker.people)::bigint as people
        from walker join reach using (place)
        where walker.profile = '{name}'
            and coalesce(d{wanted.of[item.id, profile.step_free]} > {profile.metres(walking.minutes)}, true)
        group by all"""
        for name, profile in walking.profiles.items()
    )
    connection.execute(
        f"""create or replace temp table demand as
        select row_number() over (order by place, community_code, profile) as demand_group, far.*,
            spot.longitude, spot.latitude
        from ({selects}) as far join spot using (place)"""
    )


def _candidates(connection: duckdb.DuckDBPyConnection) -> Mapping[int, tuple[str, float, float]]:
    """Create `candidate` and return place → community and where."""
    high = nearest.degrees_of(_CELL)
    connection.execute(
        f"""create or replace temp table candidate as
        with full_spot as (
            select place, min(community_code) as community_code, longitude::double as longitude,
                latitude::double as latitude, sum(people) as people
            from demand group by place, longitude, latitude
        ), ranked as (
            select *, row_number() over (
                partition by floor(longitude / {high}), floor(latitude / {high}) order by people desc, place) as rank
            from full_spot
        )
        select place, community_code, longitude, latitude from ranked where rank = 1"""
    )
    rows = connection.execute("select place, community_code, longitude, latitude from candidate").fetchall()
    return {place: (community, longitude, latitude) for place, community, longitude, latitude in rows}


def _gain(connection: duckdb.DuckDBPyConnection, walking: Walking) -> None:
    """Create `gain`: which groups of people each candidate would bring near."""
    farthest = max(profile.metres(walking.minutes) for profile in walking.profiles.values()) / walking.detour
    high = nearest.degrees_of(farthest)
    connection.execute(
        f"""create or replace temp table gain as
        with c as (
            select place, {nearest.vector()}, floor(latitude / {high})::int + step as band
            from candidate, (values (-1), (0), (1)) as near_band(step)
        ), d as (
            select demand_group, people, limit_metres, {nearest.vector()}, floor(latitude / {high})::int as band
            from demand
        )
        select c.place as candidate, d.demand_group, d.people from c join d on d.band = c.band
        where {nearest.metres(f"({nearest.chord('c', 'd')})")} * {walking.detour} <= d.limit_metres"""
    )


def _gain_along(connection: duckdb.DuckDBPyConnection, walking: Walking, paths: Network) -> None:
    """Create `gain` along the network: from the candidate to its node, along it, and from theirs to the people."""
    at = nodes_of(connection, "select distinct place, longitude, latitude from demand", paths, walking)
    waiting: dict[
        bool, dict[int, list[tuple[int, float, int]]]
    ] = {}  # step-free → node → who is there, how far at most
    for group, place, profile, limit, people in connection.execute(
        "select demand_group, place, profile, limit_metres::double, people from demand"
    ).fetchall():
        if place in at:
            node, metres = at[place]
            there = waiting.setdefault(walking.profiles[profile].step_free, {}).setdefault(node, [])
            there.append((group, limit - metres, people))
    farthest = max(profile.metres(walking.minutes) for profile in walking.profiles.values())
    gain = [
        (candidate, group, people)
        for (candidate,) in connection.execute("select place from candidate order by place").fetchall()
        if candidate in at
        for step_free, groups in waiting.items()
        for node, metres in paths.distances([at[candidate]], step_free=step_free, within=farthest).items()
        for group, limit, people in groups.get(node, ())
        if metres <= limit
    ]
    columns = zip(*gain, strict=True) if gain else ((), (), ())
    named = zip(("candidate", "demand_group", "people"), columns, strict=True)
    connection.register("gained", pa.table({name: pa.array(list(values), pa.int64()) for name, values in named}))
    connection.execute("create or replace temp table gain as select * from gained")
    connection.unregister("gained")


def _down(number: int) -> int:
    return STEP * floor(number / STEP)
