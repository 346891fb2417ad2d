"""Exact nearest neighbours on the globe, for many sets of targets at once, set-based in DuckDB.

Places lie in cells at least `s` metres high and wide. Whoever compares itself with the targets of its own and the
eight cells around has seen every target nearer than `s`; so what was found within `s` is the nearest, and only
who found nothing there looks again, in cells twice as large. (haversine: sin²(d/2R) ≥ sin²(Δφ/2) and
sin(d/2R) ≥ cos φmax · sin(Δλ/2), which bounds the distance to every cell that is not a neighbour.) Sets of a
few targets are compared with outright. Distances are compared as squared chords, which rise with them.
"""

from collections.abc import Iterable
from math import asin, cos, degrees, radians, sin

import duckdb

RADIUS = 6_371_008.8  # metres, mean radius of the earth (IUGG)
FIRST_CELL = 1_000.0  # metres
WORD = 62  # bits of a bigint used for sets
_LARGEST = 2_000_000.0  # metres: past this every target is a neighbour


_FEW = 48  # targets of a set that everybody is compared with


def nearest(connection: duckdb.DuckDBPyConnection, places: str, targets: str, sets: int, result: str) -> None:
    """Create `result(place, d0, d1, …)`: metres as the crow flies to the nearest target of each set.

    `places` has place, longitude, latitude (none null); `targets` has longitude, latitude and masks m0, m1, …:
    bit i % 62 of m(i // 62) says that it is of set i. Null where a set has no target.
    """
    counts = _sizes(connection, targets, sets)
    few = [place for place, count in enumerate(counts) if 0 < count <= _FEW]
    many = [place for place, count in enumerate(counts) if count > _FEW]
    connection.execute(
        f"""create or replace temp table nearest_place as select place, {vector()}, longitude, latitude
        from {places};
        create or replace temp table nearest_target as select {vector()}, longitude, latitude,
            {", ".join(f"m{word}" for word in range(_words(sets)))} from {targets}"""
    )
    _compare(connection, few)
    _widen(connection, many)
    columns = ", ".join(f"{f'd{place}' if counts[place] else 'null::double'} as d{place}" for place in range(sets))
    connection.execute(
        f"""create or replace temp table {result} as select place, {columns or "1"}
        from nearest_place left join nearest_few using (place) left join nearest_many using (place);
        drop table nearest_place; drop table nearest_target; drop table nearest_few; drop table nearest_many"""
    )


def mask(bits: Iterable[int], word: int) -> int:
    """Return the mask of a target that is of these sets, for one word."""
    return sum(1 << (bit - word * WORD) for bit in bits if word * WORD <= bit < (word + 1) * WORD)


def metres(chord: str) -> str:
    """Return the SQL for the metres of a squared chord of the unit sphere."""
    # least() would take the other one for a null
    return f"{2 * RADIUS} * asin(case when {chord} > 4 then 1 else sqrt({chord}) / 2 end)"


def chord(a: str, b: str) -> str:
    """Return the SQL for the squared chord between two rows that have `vector` columns."""
    return " + ".join(f"({a}.{axis} - {b}.{axis}) * ({a}.{axis} - {b}.{axis})" for axis in ("vx", "vy", "vz"))


def vector(longitude: str = "longitude", latitude: str = "latitude") -> str:
    """Return the SQL for where a row stands on the unit sphere: columns vx, vy, vz."""
    lon, lat = f"radians({longitude}::double)", f"radians({latitude}::double)"
    return f"cos({lat}) * cos({lon}) as vx, cos({lat}) * sin({lon}) as vy, sin({lat}) as vz"


def degrees_of(metres_north: float) -> float:
    """Return how many degrees of latitude so many metres are, a little more to be safe."""
    return degrees(metres_north / RADIUS) * 1.000001


def _compare(connection: duckdb.DuckDBPyConnection, sets: list[int]) -> None:
    """Create nearest_few: everybody compared with every target of sets that have few."""
    found = "".join(f", {_least(place)} as d{place}" for place in sets)
    words = sorted({place // WORD for place in sets})
    wanted = " or ".join(f"(t.m{word} & {mask(sets, word)}) <> 0" for word in words) or "false"
    carried = "".join(f", t.m{word}" for word in words)
    connection.execute(
        f"""create or replace temp table nearest_few as
        with pair as (
            select p.place, {chord("p", "t")} as c{carried}
            from nearest_place as p, nearest_target as t where {wanted}
        )
        select place{found} from pair group by place"""
    )


def _widen(connection: duckdb.DuckDBPyConnection, sets: list[int]) -> None:
    """Create nearest_many: cells are widened until what was found is proven nearest."""
    columns = [f"d{place}" for place in sets]
    nothing = "".join(f", null::double as {column}" for column in columns)
    words = sorted({place // WORD for place in sets})
    todo = "".join(f", {mask(sets, word)}::bigint as t{word}" for word in words)
    connection.execute(
        f"""create or replace temp table nearest_many as select place{nothing} from nearest_place where false;
        create or replace temp table looking as select *{nothing}{todo} from nearest_place"""
    )
    size, steepest = FIRST_CELL, _steepest(connection)
    while sets and _count(connection, "looking"):
        _look(connection, sets, size, steepest)
        left = " or ".join(f"t{word} <> 0" for word in words)
        connection.execute(
            f"""insert into nearest_many select place, {", ".join(columns)} from looked where not ({left});
            create or replace temp table looking as select * from looked where {left};
            drop table looked"""
        )
        size *= 2
    connection.execute("drop table looking")


def _look(connection: duckdb.DuckDBPyConnection, sets: list[int], size: float, steepest: float) -> None:
    """Create `looked`: who is looking, with what is proven to be nearest at this size of cell."""
    high, wide = degrees(size / RADIUS), _wide(size, steepest)
    words = sorted({place // WORD for place in sets})
    found = ", ".join(f"{_least(place)} as n{place}" for place in sets)
    limit = "" if size > _LARGEST else f" and n{{0}} <= {size}"
    proven = {place: f"(n{place} is not null{limit.format(place)})" for place in sets}
    distances = ", ".join(
        f"coalesce(looking.d{place}, case when {proven[place]} then n{place} end) as d{place}" for place in sets
    )
    settled = {
        word: " | ".join(
            f"case when {proven[place]} then {mask([place], word)}::bigint else 0 end"
            for place in sets
            if place // WORD == word
        )
        for word in words
    }
    connection.execute(
        f"""create temp table looked as
        with around as (
            select x.dx + floor(longitude / {wide})::int as cx, y.dy + floor(latitude / {high})::int as cy,
                vx, vy, vz, {", ".join(f"m{word}" for word in words)}
            from nearest_target, (values (-1), (0), (1)) as x(dx), (values (-1), (0), (1)) as y(dy)
            where {" or ".join(f"(m{word} & {mask(sets, word)}) <> 0" for word in words)}
        ), pair as (
            select l.place, {chord("l", "n")} as c, {", ".join(f"n.m{word}" for word in words)}
            from looking as l join around as n
                on n.cx = floor(l.longitude / {wide})::int and n.cy = floor(l.latitude / {high})::int
            where {" or ".join(f"(l.t{word} & n.m{word}) <> 0" for word in words)}
        ), best as (
            select place, {found} from pair group by place
        )
        select looking.place, vx, vy, vz, longitude, latitude, {distances},
            {", ".join(f"t{word} & ~({settled[word]}) as t{word}" for word in words)}
        from looking left join best using (place)"""
    )


def _sizes(connection: duckdb.DuckDBPyConnection, targets: str, sets: int) -> list[int]:
    """Return how many targets each set has."""
    counted = ", ".join(f"count(*) filter (where {_has('m', place)})" for place in range(sets)) or "1"
    return [int(count) for count in connection.execute(f"select {counted} from {targets}").fetchall()[0]]


def _has(column: str, place: int) -> str:
    return f"({column}{place // WORD} & {1 << (place % WORD)}) <> 0"


def _least(place: int) -> str:
    return metres(f"min(c) filter (where {_has('m', place)})")


def _words(sets: int) -> int:
    return max(1, -(-sets // WORD))


def _wide(size: float, steepest: float) -> float:
    """Return degrees of longitude that are at least `size` metres wherever there are places or targets."""
    bound = sin(size / (2 * RADIUS)) / cos(radians(steepest)) if size < _LARGEST else 1.0
    return degrees(2 * asin(min(1.0, bound)))


def _steepest(connection: duckdb.DuckDBPyConnection) -> float:
    every = "select latitude from nearest_place union all select latitude from nearest_target"
    return float(connection.execute(f"select coalesce(max(abs(latitude)), 0) from ({every})").fetchall()[0][0])


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])
