"""Service points and dwellings stand in plausible places, and every township has what it needs."""

import re
from collections import Counter

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.simulation import positions, service_points
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.plan import Share, laid_out
from jiceng_pipeline.simulation.service_points import DAYS, KINDS
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline.simulation.truth import truth
from jiceng_pipeline_tests.simulation.conftest import DAY

HOURS = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


@pytest.fixture(scope="module")
def points(street):
    return service_points.service_points(street)


def kilometres(a, b):
    """Return distances of points, each a pair of longitudes and latitudes."""
    north = (a[1] - b[1]) * positions.KILOMETRES
    east = (a[0] - b[0]) * positions.KILOMETRES * np.cos(np.radians(32))
    return np.hypot(east, north)


def test_every_community_has_a_station_and_the_township_a_hall(street, points):
    own = street.communities.filter(pc.equal(street.communities["township_code"], street.shard.township))
    stations = points.filter(pc.equal(points["kind"], "village_station"))
    assert sorted(stations["community_code"].to_pylist()) == sorted(own["code"].to_pylist())
    counted = Counter(points["kind"].to_pylist())
    assert counted["township_hall"] == 1
    assert counted["bank"] == round(30_000 / 5_000)
    assert counted["post_office"] == round(30_000 / 20_000)
    assert set(points["community_code"].to_pylist()) <= set(own["code"].to_pylist())
    assert len(set(points["service_point_id"].to_pylist())) == len(set(points["name"].to_pylist())) == points.num_rows


def test_a_county_has_one_hall(reference):
    district = "320685"
    shards = laid_out(reference, [Share(code, 600) for code in reference.townships(district)])
    cities = [make_city(reference, scale="city", seed=3, as_of=DAY, shard=shard) for shard in shards[:3]]
    found = [service_points.service_points(city) for city in cities]
    kinds, names = ([value for each in found for value in each[column].to_pylist()] for column in ("kind", "name"))
    halls = [name for name, kind in zip(names, kinds, strict=True) if kind == "county_hall"]
    assert halls == ["海安市政务服务中心"]
    assert all("bank" in each["kind"].to_pylist() and "post_office" in each["kind"].to_pylist() for each in found)


def test_hours_are_hours(points):
    for day in DAYS:
        open_hours = [hours for hours in points[f"{day}_hours"].to_pylist() if hours]
        assert all(re.fullmatch(f"{HOURS}(,{HOURS})?", hours) for hours in open_hours)
        for hours in open_hours:
            ends = re.split("[-,]", hours)
            assert ends == sorted(ends)
    assert points["monday_hours"].null_count == 0
    assert points["sunday_hours"].null_count > 0
    assert points["saturday_hours"].null_count < points["sunday_hours"].null_count


def test_some_have_steps(points):
    assert 0 < pc.sum(points["is_step_free"]).as_py() < points.num_rows
    assert set(points["kind"].to_pylist()) <= set(KINDS)


def test_everything_stands_in_nantong_near_its_community(street, points):
    homes = service_points.dwellings(street)
    west, south, east, north = positions.BOX
    for each in (points, homes):
        longitude, latitude = each["longitude"].to_numpy(), each["latitude"].to_numpy()
        assert west < longitude.min() < longitude.max() < east
        assert south < latitude.min() < latitude.max() < north
    codes = street.communities["code"].to_pylist()
    middles, apart = positions.communities(street.reference, codes)
    place = {code: row for row, code in enumerate(codes)}
    for each, reach in ((points, 0.25), (homes, 0.45)):
        row = np.array([place[code] for code in each["community_code"].to_pylist()])
        far = kilometres(
            (each["longitude"].to_numpy(), each["latitude"].to_numpy()), (middles.longitude[row], middles.latitude[row])
        )
        assert (far <= reach * apart[row] + 0.001).all()


def test_all_communities_have_places_of_their_own(reference):
    parents = [code for district in reference.districts["code"].to_pylist() for code in reference.townships(district)]
    codes = [code for parent in parents for code in reference.children(parent)["code"].to_pylist()]
    middles, apart = positions.communities(reference, codes)
    assert len({(round(a, 4), round(b, 4)) for a, b in zip(middles.longitude, middles.latitude, strict=True)}) == len(
        codes
    )
    assert apart.min() >= positions.URBAN
    assert apart.max() <= positions.RURAL
    west, south, east, north = positions.BOX
    assert west < middles.longitude.min() < middles.longitude.max() < east
    assert south < middles.latitude.min() < middles.latitude.max() < north


def test_the_flats_of_a_building_are_in_one_place(street):
    homes, where = street.homes, service_points.dwellings(street)
    flats = np.flatnonzero(homes.block > 0)
    keys = zip(
        homes.community[flats], homes.road.take(flats).to_pylist(), homes.door[flats], homes.block[flats], strict=True
    )
    buildings = {}
    for row, key in zip(flats.tolist(), keys, strict=True):
        buildings.setdefault(key, set()).add((where["longitude"][row].as_py(), where["latitude"][row].as_py()))
    assert all(len(places) == 1 for places in buildings.values())
    assert len(set().union(*buildings.values())) == len(buildings)


def test_the_truth_holds_points_and_places(city):
    at = truth(city)
    residents = pq.read_table(at.resident)
    dwellings = pq.read_table(at.dwelling)
    assert set(residents["dwelling_address"].to_pylist()) <= set(dwellings["address"].to_pylist())
    assert len(set(dwellings["address"].to_pylist())) == dwellings.num_rows
    assert {"village_station", "township_hall", "bank", "post_office"} <= set(
        pq.read_table(at.service_point)["kind"].to_pylist()
    )


def test_the_office_of_points_hears_of_nobody_and_writes_of_all(street):
    store = stores()["government_services/service_point"]
    whole = store.records(street, Rates())
    none = store.records(street, Rates(), np.ones(len(street.people), bool))
    assert whole.table.num_rows == service_points.service_points(street).num_rows > none.table.num_rows == 0
    assert none.table.schema == whole.table.schema
    assert all(hours.startswith("Mo-Fr ") for hours in whole.table["openingHours"].to_pylist())


def test_owners_of_flats_in_one_building_have_one_position(street):
    rows = stores()["housing/property_register"].records(street, Rates())
    where = {}
    for address, longitude, latitude in zip(
        *(rows.table[name].to_pylist() for name in ("坐落", "经度", "纬度")), strict=True
    ):
        if "幢" in address and longitude and latitude:
            where.setdefault(address.split("幢")[0], set()).add((longitude, latitude))
    shared = [places for places in where.values() if len(places) == 1]
    assert len(shared) > 0.9 * len(where)
