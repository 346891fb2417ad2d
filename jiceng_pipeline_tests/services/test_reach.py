"""Twelve addresses worked by hand: on the straight, over the river, on Sunday, in a wheelchair, for the wrong item."""

from datetime import date
from math import cos, radians

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services import network, reach
from jiceng_pipeline.services.point import When
from jiceng_pipeline.services.walking import walking
from jiceng_pipeline_tests.services.village import CARD, COMMUNITY, DEGREE, EAST, OTHER, PAPER, POINTS, WEST, village

ADULT, AGED = date(1980, 1, 1), date(1950, 1, 1)
SUNDAY, SATURDAY, HOLIDAY = (When(day=date(2026, *day)) for day in ((11, 29), (11, 28), (10, 1)))
ACROSS = 0.005 * DEGREE * cos(radians(32.0))  # the river, 471 m of it
# twelve addresses: where, born, disability; at what time which item; metres as the crow flies by hand, None: nowhere
CASES = {
    "at the station's door": ((WEST, 32.0, ADULT, None, None), PAPER, When(), 0.0),
    "half a kilometre north of it": ((WEST, 32.005, ADULT, None, None), PAPER, When(), 0.005 * DEGREE),
    "nearer to the hall": ((WEST, 32.016, AGED, None, None), PAPER, When(), 0.004 * DEGREE),
    "the station on Saturday is closed": ((WEST, 32.005, ADULT, None, None), PAPER, SATURDAY, 0.015 * DEGREE),
    "on Sunday nobody does it": ((WEST, 32.005, ADULT, None, None), PAPER, SUNDAY, None),
    "on a holiday the hours of Sunday hold": ((WEST, 32.005, AGED, None, None), PAPER, HOLIDAY, None),
    "a wheelchair gets into the hall only": ((WEST, 32.005, ADULT, "4", "1"), PAPER, When(), 0.015 * DEGREE),
    "a light disability takes the steps": ((WEST, 32.005, ADULT, "4", "3"), PAPER, When(), 0.005 * DEGREE),
    "next to a point that does not handle it": ((WEST, 32.006, ADULT, None, None), PAPER, When(), 0.006 * DEGREE),
    "a station that only consults does not count": ((WEST, 32.0, ADULT, None, None), CARD, When(), ACROSS),
    "another item, the bank on Sunday": ((EAST, 32.002, ADULT, None, None), OTHER, SUNDAY, 0.002 * DEGREE),
    "nobody located the door": ((None, None, AGED, None, None), PAPER, When(), None),
}


def metres(tmp_path, people, items, when, paths=None, points=POINTS):
    """Return who → item → metres walked; who has no place is not in it."""
    assumed = walking(Settings(home=tmp_path))
    with village(tmp_path, people, points) as connection:
        reach.everybody(connection, assumed, "3206")
        found = reach.points_for(connection, "320613", items)
        wanted = reach.sets(found, items, assumed, when)
        reach.measure(connection, assumed, found, wanted, paths)
        rows = connection.execute(
            """select r.resident_id, w.profile, reach.* from governance.resident as r
            join governance.residence as e using (resident_id) join governance.address_position as p using (address_id)
            join spot as s on s.longitude = p.longitude and s.latitude = p.latitude
            join walker as w on w.place = s.place join reach on reach.place = s.place
            order by r.resident_id"""
        ).fetchall()
    return {
        who: {item.id: row[wanted.of[item.id, assumed.profiles[profile].step_free]] for item in items}
        for who, profile, _, *row in rows
    }


@pytest.mark.parametrize("case", CASES)
def test_an_address_worked_by_hand(tmp_path, case):
    door, item, when, crow = CASES[case]
    found = metres(tmp_path, {"one": door}, [item], when)
    if door[1] is None:
        assert found == {}
    elif crow is None:
        assert found == {"one": {item.id: None}}
    else:
        assert found["one"][item.id] == pytest.approx(crow * 1.3, abs=0.01)


def test_everybody_at_once_is_everybody_alone(tmp_path):
    plain = {name: door for name, (door, item, when, _) in CASES.items() if (item, when) == (PAPER, When())}
    together = metres(tmp_path, {name: door for name, door in plain.items() if door[3] is None}, [PAPER, CARD], When())
    for name, told in together.items():
        assert metres(tmp_path / name[:3], {name: plain[name]}, [PAPER, CARD], When())[name] == told


@pytest.mark.parametrize(("area", "walked"), [("county", 0.005 * DEGREE), ("city", 0.001 * DEGREE)])
def test_the_points_of_another_county_count_only_where_the_item_says_so(tmp_path, area, walked):
    wanted = PAPER.model_copy(update={"area": area})
    points = {**POINTS, "next door": ("3", WEST, 32.004, True, "Mo-Su 08:30-17:00", None, "320602001001")}
    found = metres(tmp_path, {"one": CASES["half a kilometre north of it"][0]}, [wanted], When(), points=points)
    assert found["one"][wanted.id] == pytest.approx(walked * 1.3, abs=0.01)


def test_a_door_without_coordinates_is_reported_and_not_guessed(tmp_path):
    with village(tmp_path, {"known": CASES["nearer to the hall"][0], "lost": (None, None, ADULT, None, None)}) as c:
        reach.everybody(c, walking(Settings(home=tmp_path)), "")
        assert c.execute("select profile, place is null, people from walker order by 1").fetchall() == [
            ("adult", True, 1),
            ("aged", False, 1),
        ]


def test_people_are_counted_where_their_door_is(tmp_path):
    elsewhere = "320613003004"
    people = {"here": (WEST, 32.0, ADULT, None, None), "gone": (EAST, 32.1, ADULT, None, None, elsewhere)}
    for scope, latitude in ((COMMUNITY, 32.0), (elsewhere, 32.1)):
        with village(tmp_path, people) as c:
            reach.everybody(c, walking(Settings(home=tmp_path)), scope)
            assert c.execute(
                "select community_code, people, latitude::double from walker join spot using (place)"
            ).fetchall() == [(scope, 1, latitude)]


def test_who_is_said_to_live_elsewhere_is_not_at_home_where_they_are_registered(tmp_path):
    people = dict.fromkeys(("stays", "left"), (WEST, 32.0, ADULT, None, None))
    with village(tmp_path, people) as c:
        c.execute(
            """update governance.residence set residence_kind_code = '1';
            update governance.resident set dwelling_address = null where resident_id = 'stays'"""
        )
        reach.everybody(c, walking(Settings(home=tmp_path)), COMMUNITY)
        assert c.execute("select place is null, people from walker order by 1").fetchall() == [(False, 1), (True, 1)]


# a road on each bank and one bridge, 1,112 m north; the road east is too steep for wheels on its way to the bank
EDGES = f"""from_longitude,from_latitude,to_longitude,to_latitude,metres,is_step_free
{WEST},32.0,{WEST},32.01,1112,
{WEST},32.01,{WEST},32.02,1112,
{WEST},32.01,{EAST},32.01,471,
{EAST},32.01,{EAST},32.0,1112,false
"""


@pytest.mark.parametrize(
    ("door", "item", "walked"),
    [
        ((WEST, 32.0, ADULT, None, None), OTHER, 1112 + 471 + 1112),  # 471 m as the crow flies, by the bridge 2.7 km
        ((WEST, 32.02, ADULT, None, None), OTHER, 1112 + 471 + 1112),
        ((EAST, 32.01, ADULT, None, None), PAPER, 471 + 1112),
        ((EAST, 32.0, ADULT, "4", "2"), PAPER, None),  # steps on the only way
        ((EAST, 32.01, ADULT, "4", "2"), PAPER, 471 + 1112),  # to the hall, the station has steps
        ((WEST, 32.05, ADULT, None, None), PAPER, None),  # three kilometres from the nearest path
    ],
)
def test_the_river_is_crossed_at_the_bridge(tmp_path, door, item, walked):
    settings = Settings(home=tmp_path)
    settings.services.mkdir()
    (settings.services / network.FILE).write_text(EDGES, "utf-8")
    found = metres(tmp_path, {"one": door}, [item], When(), network.network(settings))["one"][item.id]
    assert found == (None if walked is None else pytest.approx(walked, abs=0.5))


def test_steps_keep_a_wheelchair_from_a_ramp_and_nobody_else(tmp_path):
    """The only way to the station has steps; the station itself has none, so the same points serve both."""
    settings = Settings(home=tmp_path)
    settings.services.mkdir()
    (settings.services / network.FILE).write_text(
        f"{EDGES.splitlines()[0]}\n{EAST},32.0,{WEST},32.0,471,false\n", "utf-8"
    )
    points = {"station": ("3", WEST, 32.0, True, "Mo-Fr 08:30-17:00", None)}
    for door, walked in (((EAST, 32.0, ADULT, None, None), 471), ((EAST, 32.0, ADULT, "4", "1"), None)):
        told = metres(tmp_path, {"one": door}, [PAPER], When(), network.network(settings), points)
        assert told == {"one": {PAPER.id: None if walked is None else pytest.approx(walked, abs=0.5)}}
