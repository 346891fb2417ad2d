"""What the grid finds is what comparing everybody with everything finds, to the millimetre."""

import numpy as np
import pyarrow as pa
import pytest

from jiceng_pipeline.services.nearest import chord, mask, metres, nearest, vector
from jiceng_pipeline.warehouse.connection import connect


@pytest.mark.parametrize(("seed", "places", "targets", "sets"), [(1, 800, 300, 5), (2, 500, 90, 70), (3, 50, 400, 3)])
def test_nearest_is_nearest(tmp_path, seed, places, targets, sets):
    rng = np.random.default_rng(seed)
    # crowded in the south, a few far in the north where degrees of longitude are short
    latitude = np.r_[rng.uniform(31.8, 32.0, places - 20), rng.uniform(45, 52, 20)]
    of = [np.flatnonzero(rng.random(sets) < (0.9 if number % 3 else 0.2)) for number in range(targets)]
    of = [[each for each in bits.tolist() if each != 1] for bits in of]  # set 1 has no target
    words = -(-sets // 62)
    with connect() as connection:
        longitude, north = rng.uniform(120.5, 121.5, places), rng.uniform(31.8, 32.3, targets)
        masks = {f"m{word}": pa.array([mask(bits, word) for bits in of], pa.int64()) for word in range(words)}
        east = rng.uniform(120.5, 121.5, targets)
        connection.register("p", pa.table({"place": np.arange(places), "longitude": longitude, "latitude": latitude}))
        connection.register("t", pa.table({"longitude": east, "latitude": north, **masks}))
        nearest(connection, "p", "t", sets, "found")
        expected = ", ".join(f"min(c) filter (where (t.m{i // 62} & {1 << i % 62}) <> 0) as c{i}" for i in range(sets))
        wrong = " or ".join(f"{metres(f'c{i}')} is distinct from d{i}" for i in range(sets))
        counted = connection.execute(
            f"""with a as (select place, {vector()} from p), b as (select *, {vector()} from t),
            t as (select a.place, {chord("a", "b")} as c, b.* from a, b),
            plain as (select place, {expected} from t group by place)
            select count(*), count(*) filter (where {wrong}), count(d1), max(d0) from plain join found using (place)"""
        ).fetchall()[0]
    assert counted[:3] == (places, 0, 0)
    assert counted[3] > 1_400_000  # who lives far away looked far


def test_where_there_is_nothing_nothing_is_near():
    with connect() as connection:
        connection.execute("create temp table p as select 1 as place, 121.0 as longitude, 32.0 as latitude")
        connection.execute(
            "create temp table t as select 1.0 as longitude, 2.0 as latitude, 0::bigint as m0 where false"
        )
        nearest(connection, "p", "t", 2, "found")
        assert connection.execute("select * from found").fetchall() == [(1, None, None)]
