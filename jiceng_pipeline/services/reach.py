"""可达: how many metres everybody has to walk to the nearest point that really does each item.

Made on demand of one published version, a county at a time: whoever lives in a county goes to the points of that
county, except for items that declare that every county's points do them (通办). Doors without coordinates are left
out and counted; nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from jiceng_pipeline.services import nearest
from jiceng_pipeline.services.item import Item
from jiceng_pipeline.services.network import Network, crow
from jiceng_pipeline.services.point import ANY_TIME, Point, When, points, valid
from jiceng_pipeline.services.walking import Walking

COUNTY = 6  # digits of a county's code
CITY = 4


@dataclass(frozen=True)
class Sets:
    """Which sets of points are looked for: (item, step_free) → the set; equal ones with equal ways are one set."""

    of: Mapping[tuple[str, bool], int]
    members: tuple[frozenset[int], ...]  # rows of the points
    citywide: frozenset[int] = frozenset()  # those sets for which another county's points count as well


def everybody(connection: duckdb.DuckDBPyConnection, walking: Walking, scope: str) -> None:
    """Create `spot(place, longitude, latitude, county)` and `walker(place, community_code, profile, people)`.

    A walker's place is null where the door of these people has no coordinates. People are where they live or,
    where no record says so, where they are registered; the community is that of their door, where it is known.
    """
    _walkers(connection, walking, "starts_with(living.community_code, ?)", scope)


def alone(connection: duckdb.DuckDBPyConnection, walking: Walking, resident_id: str) -> None:
    """Create what `everybody` does of one resident only, wherever they live."""
    _walkers(connection, walking, "living.resident_id = ?", resident_id)


def _walkers(connection: duckdb.DuckDBPyConnection, walking: Walking, condition: str, value: str) -> None:
    connection.execute(
        f"""create or replace temp table lived as
        with door as (
            select resident_id, max(residence_kind_code) as kind,
                max_by(address_id, residence_kind_code || address_id) as address_id
            from governance.residence where residence_kind_code in ('1', '2') group by resident_id
        ), home as (
            -- who is said to live elsewhere is not at home where they are registered
            select door.resident_id, door.address_id
            from door join governance.resident as resident using (resident_id)
            where door.kind = '2' or resident.dwelling_address is null
        ), living as (
            select resident.resident_id, home.address_id, {walking.profile_sql} as profile,
                coalesce(address.community_code, resident.community_code, '') as community_code
            from governance.resident as resident cross join standard.business_day as today
            left join home on home.resident_id = resident.resident_id
            left join governance.standard_address as address on address.address_id = home.address_id
            where resident.death_date is null
        )
        select living.community_code, living.profile, position.longitude, position.latitude, count(*) as people
        from living left join governance.address_position as position using (address_id)
        where {condition}
        group by all""",
        [value],
    )
    connection.execute(
        f"""create or replace temp table spot as
        select row_number() over (order by county, longitude, latitude) as place, *
        from (select distinct left(community_code, {COUNTY}) as county, longitude, latitude from lived
            where longitude is not null and latitude is not null)"""
    )
    connection.execute(
        f"""create or replace temp table walker as
        select spot.place, lived.community_code, lived.profile, sum(lived.people)::bigint as people
        from lived left join spot on spot.county = left(lived.community_code, {COUNTY})
            and spot.longitude = lived.longitude and spot.latitude = lived.latitude
        group by all;
        drop table lived"""
    )


def sets(found: Sequence[Point], items: Sequence[Item], walking: Walking, when: When = ANY_TIME) -> Sets:
    """Return the sets of points looked for, one of each kind."""
    place = {point.id: row for row, point in enumerate(found)}
    # the same points are two sets where some take no steps: along a network their ways differ
    known: dict[tuple[frozenset[int], bool, bool], int] = {}
    of = {}
    for item in items:
        for step_free in sorted({profile.step_free for profile in walking.profiles.values()}):
            usable = valid(found, item, when, step_free=step_free)
            rows = frozenset(place[point.id] for point in usable if point.is_located)
            of[item.id, step_free] = known.setdefault((rows, item.area == "city", step_free), len(known))
    citywide = frozenset(number for (_, is_citywide, _), number in known.items() if is_citywide)
    return Sets(of, tuple(rows for rows, *_ in known), citywide)


def measure(
    connection: duckdb.DuckDBPyConnection,
    walking: Walking,
    found: Sequence[Point],
    wanted: Sets,
    paths: Network | None = None,
) -> None:
    """Create `reach(place, d0, d1, …)`: metres walked from each spot to the nearest point of each set.

    Null where there is no such point, or no way; needs what `everybody` made.
    """
    nothing = "".join(f", null::double as d{number}" for number in range(len(wanted.members)))
    connection.execute(f"create or replace temp table reach as select place{nothing} from spot where false")
    for (county,) in connection.execute("select distinct county from spot order by county").fetchall():
        connection.execute(
            f"create or replace temp view here as select place, longitude, latitude from spot where county = '{county}'"
        )
        here = frozenset(row for row, each in enumerate(found) if (each.community_code or "").startswith(county))
        members = [rows if number in wanted.citywide else rows & here for number, rows in enumerate(wanted.members)]
        if paths is None:
            _straight(connection, found, members, walking.detour)
        else:
            _along(connection, found, members, wanted, walking, paths)


def points_for(connection: duckdb.DuckDBPyConnection, scope: str, items: Sequence[Item]) -> tuple[Point, ...]:
    """Return the points to which the people of a scope may go: those of its county or, for some items, its city."""
    is_citywide = any(item.area == "city" for item in items)
    return points(connection, scope[: CITY if is_citywide else COUNTY])


def nodes_of(
    connection: duckdb.DuckDBPyConnection, places: str, paths: Network, walking: Walking
) -> dict[int, tuple[int, float]]:
    """Return of each of the `places` (SQL: place, longitude, latitude) its nearest node and the metres to it.

    Those that have none near enough are left out.
    """
    connection.execute(f"create or replace temp view here as {places}")
    _to_nodes(connection, paths, walking.snap_metres)
    number = {node: number for number, node in enumerate(paths.nodes)}
    rows = connection.execute("select place, longitude, latitude, metres from near").fetchall()
    return {place: (number[longitude, latitude], metres) for place, longitude, latitude, metres in rows}


def _straight(
    connection: duckdb.DuckDBPyConnection, found: Sequence[Point], members: Sequence[frozenset[int]], detour: float
) -> None:
    bits: dict[int, list[int]] = {}
    for number, rows in enumerate(members):
        for row in rows:
            bits.setdefault(row, []).append(number)
    _load(connection, [(found[row].longitude, found[row].latitude) for row in sorted(bits)],
          [bits[row] for row in sorted(bits)], len(members))  # fmt: skip
    nearest.nearest(connection, "here", "target", len(members), "straight")
    walked = "".join(f", d{number} * {detour} as d{number}" for number in range(len(members)))
    connection.execute(f"insert into reach select place{walked} from straight")


def _along(
    connection: duckdb.DuckDBPyConnection,
    found: Sequence[Point],
    members: Sequence[frozenset[int]],
    wanted: Sets,
    walking: Walking,
    paths: Network,
) -> None:
    """Measure along the network: to its nearest node, along it, and from its node to the point."""
    snapped = _snapped(found, paths, walking)
    step_free = {number: free for (_, free), number in wanted.of.items()}
    columns: dict[str, list[float | None]] = {}
    for number, rows in enumerate(members):
        ways = paths.distances([snapped[row] for row in rows if row in snapped], step_free=step_free[number])
        columns[f"d{number}"] = [ways.get(node) for node in range(len(paths.nodes))]
    ways_of = pa.table(
        {
            "longitude": pa.array([lon for lon, _ in paths.nodes]),
            "latitude": pa.array([lat for _, lat in paths.nodes]),
            **{name: pa.array(values, pa.float64()) for name, values in columns.items()},
        }
    )
    connection.register("node_ways", ways_of)
    _to_nodes(connection, paths, walking.snap_metres)
    walked = "".join(f", near.metres + w.d{number} as d{number}" for number in range(len(members)))
    connection.execute(
        f"""insert into reach select here.place{walked}
        from here left join near using (place)
        left join node_ways as w on w.longitude = near.longitude and w.latitude = near.latitude"""
    )
    connection.unregister("node_ways")


def _to_nodes(connection: duckdb.DuckDBPyConnection, paths: Network, within: float) -> None:
    """Create `near(place, metres, longitude, latitude)`: of all who are `here` the nearest node, if one is near."""
    _load(connection, list(paths.nodes), [[0]] * len(paths.nodes), 1)
    high = nearest.degrees_of(within)
    chord = nearest.chord("s", "n")
    connection.execute(
        f"""create or replace temp table near as
        with spot_at as (select place, {nearest.vector()}, longitude, latitude from here),
        node_at as (select {nearest.vector()}, longitude, latitude from target)
        select s.place, {nearest.metres(f"min({chord})")} as metres,
            min_by(n.longitude, {chord}) as longitude, min_by(n.latitude, {chord}) as latitude
        from spot_at as s join node_at as n
            on n.latitude between s.latitude::double - {high} and s.latitude::double + {high}
        group by s.place having {nearest.metres(f"min({chord})")} <= {within}"""
    )


def _snapped(found: Sequence[Point], paths: Network, walking: Walking) -> dict[int, tuple[int, float]]:
    """Return of each located point its nearest node and the metres to it, where they are few enough."""
    snapped = {}
    for row, point in enumerate(found):
        if point.longitude is not None and point.latitude is not None:
            at = (point.longitude, point.latitude)
            near = [(crow(at, paths.nodes[node]), node) for node in paths.around(at[1], walking.snap_metres)]
            metres, node = min(near, default=(float("inf"), -1))
            if metres <= walking.snap_metres:
                snapped[row] = (node, metres)
    return snapped


def _load(
    connection: duckdb.DuckDBPyConnection,
    where: Sequence[tuple[float | None, float | None]],
    bits: Sequence[Sequence[int]],
    sets_: int,
) -> None:
    """Create `target` of places and the sets they are of."""
    words = range(max(1, -(-sets_ // nearest.WORD)))
    rows = pa.table(
        {
            "longitude": pa.array([lon for lon, _ in where], pa.float64()),
            "latitude": pa.array([lat for _, lat in where], pa.float64()),
            **{f"m{word}": pa.array([nearest.mask(each, word) for each in bits], pa.int64()) for word in words},
        }
    )
    connection.register("loaded", rows)
    connection.execute("create or replace temp table target as select * from loaded")
    connection.unregister("loaded")
