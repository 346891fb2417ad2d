"""A village on paper: twelve doors, four points, distances that a pencil can check; in a real DuckDB."""

from contextlib import contextmanager
from datetime import date

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services.item import Item
from jiceng_pipeline.warehouse.connection import connect

DAY = date(2026, 11, 24)  # a Tuesday
COMMUNITY = "320613005001"
DEGREE = 111_195.0797  # metres of a degree of latitude: 6,371,008.8 m · π / 180
WEST, EAST = 121.0, 121.005  # the banks of a river that runs north
SOUTH = 32.0


def item(item_id, **places):
    """Return an item that is handled at these kinds of points."""
    return Item(
        id=item_id, code="XX-001", name=item_id, department="x", legal_basis="x", audience="x", condition="true",
        materials=({"name": "身份证", "elements": ("citizen_id", "name")},), time_limit_days=1, places=places,
        proxy=True, channels=("窗口",), version=1, valid_from=date(2026, 1, 1),
    )  # fmt: skip


PAPER = item("paper", village_station="accept", township_hall="accept")
CARD = item("card", township_hall="accept", bank="collect", village_station="consult")
OTHER = item("other", bank="accept")

# kind, longitude, latitude, step-free, hours, not handled, and the community where it is another
POINTS = {
    "station": ("3", WEST, 32.0, False, "Mo-Fr 08:30-11:30,14:00-17:30", None),
    "hall": ("2", WEST, 32.02, True, "Mo-Fr 09:00-12:00,13:30-17:30; Sa 09:00-11:30", None),
    "bank": ("4", EAST, 32.0, False, "Mo-Fr 08:30-17:00; Sa-Su 09:00-16:00", None),
    "silent": ("3", WEST, 32.006, True, "Mo-Su 08:30-17:00", "paper,card"),
}


@contextmanager
def village(tmp_path, people, points=POINTS):
    """Yield a connection with these people: id → (longitude, latitude, birth, disability type and grade).

    Where the latitude is None the door has no coordinates. Everybody is registered in one community; a sixth
    member is that of the door.
    """
    with connect(settings=Settings(home=tmp_path, business_date=DAY)) as connection:
        connection.execute(
            """create schema governance; create schema standard;
            create table standard.business_day as select date '2026-11-24' as business_date;
            create table governance.resident (resident_id varchar, community_code varchar, birth_date date,
                death_date date, disability_type_code varchar, disability_grade_code varchar, dwelling_address varchar);
            create table governance.standard_address (address_id varchar, community_code varchar);
            create table governance.residence (resident_id varchar, address_id varchar, residence_kind_code varchar);
            create table governance.address_position (address_id varchar, longitude decimal(9, 6),
                latitude decimal(9, 6));
            create table governance.service_point (service_point_id varchar, service_point_code varchar,
                service_point_name varchar, service_point_kind_code varchar, community_code varchar,
                service_point_longitude decimal(9, 6), service_point_latitude decimal(9, 6), is_step_free boolean,
                opening_hours varchar, items_not_handled varchar)"""
        )
        for who, (longitude, latitude, birth, kind, grade, *lives) in people.items():
            connection.execute(
                "insert into governance.resident values (?, ?, ?, null, ?, ?, ?)",
                [who, COMMUNITY, birth, kind, grade, f"door-{who}"],
            )
            connection.execute(
                "insert into governance.standard_address values (?, ?)", [f"door-{who}", *(lives or [COMMUNITY])]
            )
            connection.execute("insert into governance.residence values (?, ?, '2')", [who, f"door-{who}"])
            if latitude is not None:
                connection.execute(
                    "insert into governance.address_position values (?, ?, ?)", [f"door-{who}", longitude, latitude]
                )
        for name, (kind, longitude, latitude, step_free, hours, withheld, *elsewhere) in points.items():
            connection.execute(
                "insert into governance.service_point values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [name, name, name, kind, *(elsewhere or [COMMUNITY]), longitude, latitude, step_free, hours, withheld],
            )
        yield connection
