"""One door is one standard address however it is written; who lives, is registered and owns there follows."""

from datetime import date

from jiceng_pipeline.matching.dwelling import link_select
from jiceng_pipeline_tests.matching.conftest import HEALTH, PENSION, REGISTER, citizen_id

HONGQIAO, OTHER = "320613005001", "320613005002"  # two communities of one street
RENGANG = "320613003001"
HOUSING, INSURANCE = "housing/property_register", "medical_insurance/insured_person"
FLAT = "江苏省南通市崇川区虹桥街道跃龙路144号虹桥东村5幢2单元202室"
NAMES = ("王建国", "李梅", "赵强", "陈洁", "刘洋", "周敏", "吴刚", "郑丽")


def person(number):
    """Return what every record of one resident shares."""
    return {
        "name": NAMES[number],
        "citizen_id": citizen_id(f"3206021970010{number + 1}11{number + 1}"[:17].ljust(17, "0")),
        "birth_date": date(1970, 1, 10 + number),
    }


def lives(who, address, system=HEALTH, community=HONGQIAO, **more):
    return {**person(who), "system": system, "dwelling_address": address, "community_code": community, **more}


def registered(who, **more):
    return {**person(who), "system": REGISTER, "registered_address": FLAT, "community_code": HONGQIAO,
            "household_number": "1", **more}  # fmt: skip


def doors(connection):
    """Return the ids of the doors, by what was written."""
    return dict(connection.execute("select written, address_id from matching.address_spelling").fetchall())


def test_one_door_has_one_id_and_another_number_another(reconcile):
    same = [
        FLAT,
        "跃龙路144号虹桥东村5号楼2单元202",
        "南通市崇川区跃龙路144号虹桥东村5#2-202室",
        "崇川区虹桥街道跃龙路144号虹桥东村五幢二单元202户",
    ]
    others = [FLAT.replace(*change) for change in (("144", "145"), ("5幢", "6幢"), ("2单元", "1单元"), ("202", "203"))]
    rows = [lives(0, address) for address in same] + [lives(0, address) for address in others]
    with reconcile(rows, until=("governance.standard_address",)) as connection:
        found = doors(connection)
        assert {found[each] for each in same}.isdisjoint(found[each] for each in others)
        assert len(set(found.values())) == 1 + len(others)
        address = connection.execute(
            """select standard_address, street_name, door_number, estate_name, building_number, unit_number,
                room_number, spelling_count, community_code
            from governance.standard_address where spelling_count > 1"""
        ).fetchall()
        assert address == [(FLAT, "跃龙路", "144", "虹桥东村", "5", "2", "202", len(same), HONGQIAO)]


def test_the_same_room_of_another_floor_is_another_door(reconcile):
    """Where the number of a room says its floor, it may be said once more or not."""
    doors_of = {
        "2楼3": ("学田路1号2幢2楼3室", "学田路1号2幢二层3室", "学田路1号2栋2楼03"),
        "5楼3": ("学田路1号2幢5楼3室",),
        "3": ("学田路1号2幢3室",),
        "203": ("学田路1号2幢203室", "学田路1号2幢2楼203室"),
        "A203": ("学田路1号2幢A203室", "学田路1号2幢2楼A203室"),
        "12楼": ("学田路1号2幢12楼",),
        "2楼1": ("青年路8号2楼1室",),
        "3楼1": ("青年路8号3楼1室", "青年路8号3层1室"),
    }
    rows = [lives(0, written) for spellings in doors_of.values() for written in spellings]
    with reconcile(rows, until=("governance.standard_address",)) as connection:
        found, rooms = (
            doors(connection),
            dict(connection.execute("select address_id, room_number from governance.standard_address").fetchall()),
        )
        assert len(rooms) == len(doors_of)
        assert {room: {rooms[found[each]] for each in spellings} for room, spellings in doors_of.items()} == {
            room: {room} for room in doors_of
        }
        assert connection.execute(
            "select count(*) from governance.standard_address where standard_address like '%学田路1号2幢2楼3室'"
        ).fetchall() == [(1,)]


def test_another_name_takes_several_households(reconcile):
    rows = []
    for who in range(3):  # an old street name and a nickname; an estate without its street
        rows += [lives(who, f"人民中路27号怡园新村{who + 1}幢1单元602室", system) for system in (HEALTH, INSURANCE)]
        rows.append(lives(who, f"人民路27号怡园{who + 1}幢1单元602室", PENSION))
    for who in range(3, 6):
        rows += [lives(who, f"永兴路222号青年新村{who}幢1单元302室", system) for system in (HEALTH, INSURANCE)]
        rows.append(lives(who, f"青年新村{who}-1-302", PENSION))
    for who in range(6, 8):  # two are not enough
        rows += [lives(who, f"崇川路9号桃坞新村{who}幢1单元502室", system) for system in (HEALTH, INSURANCE)]
        rows.append(lives(who, f"崇川路9号桃坞{who}幢1单元502室", PENSION))
    rows.append(lives(7, "人民路27号怡园9幢1单元602室", "civil_affairs/elderly_allowance"))  # nobody else names it
    with reconcile(rows, until=("governance.standard_address",)) as connection:
        found = doors(connection)
        assert found["人民路27号怡园1幢1单元602室"] == found["人民中路27号怡园新村1幢1单元602室"]
        assert found["青年新村4-1-302"] == found["永兴路222号青年新村4幢1单元302室"]
        assert found["崇川路9号桃坞6幢1单元502室"] != found["崇川路9号桃坞新村6幢1单元502室"]
        assert len(set(found.values())) == 3 + 3 + 2 * 2 + 1
        assert connection.execute(
            "select standard_form from matching.address_spelling where written like '人民路27号怡园9幢%'"
        ).fetchall() == [("人民中路27号怡园新村9幢1单元602室",)]


def test_a_neighbouring_street_that_people_live_in_is_no_other_name(reconcile):
    rows = []
    for who in range(7):
        rows += [lives(who, f"工农路{who + 1}号", system) for system in (HEALTH, INSURANCE)]
    rows += [lives(who, f"青年路{who + 1}号", PENSION) for who in range(3)]  # moved, to the same number by chance
    rows += [lives(7, f"青年路{number}号", PENSION) for number in range(20, 40)]
    with reconcile(rows, until=("governance.standard_address",)) as connection:
        found = doors(connection)
        assert found["工农路1号"] != found["青年路1号"]


def test_a_street_name_in_two_townships_is_two_streets(reconcile):
    rows = [lives(who, "解放路12号", community=HONGQIAO) for who in (0, 1)]
    rows += [lives(who, "解放路12号", community=RENGANG) for who in (2, 3)]
    rows += [lives(4, "任港街道解放路12号", community=None), lives(5, "解放路12号", community=None)]
    rows += [lives(6, "解放路12号", community=OTHER)]  # one alone places nothing
    with reconcile(rows, until=("governance.standard_address",)) as connection:
        placed = dict(
            connection.execute(
                f"""select r.name, s.community_code from ({link_select()}) as l
                join standard.resident_record as r using (record_id)
                join governance.standard_address as s using (address_id)"""
            ).fetchall()
        )
        assert [placed[name] for name in NAMES[:7]] == [HONGQIAO, HONGQIAO, RENGANG, RENGANG, RENGANG, None, None]


def test_what_is_elsewhere_or_only_a_gate_is_no_dwelling(reconcile):
    rows = [
        lives(0, FLAT, registered_address="安徽省六安地区舒城县城关镇解放路207号"),
        lives(1, "跃龙路144号"),
        lives(2, "虹桥街道"),
        lives(3, "跃龙路144号虹桥东村5幢"),
    ]
    with reconcile(rows, until=("governance.dwelling", "governance.residence")) as connection:
        assert connection.execute("select count(*) from governance.dwelling").fetchall() == [(1,)]
        said = connection.execute("select residence_kind_code, is_registered_elsewhere from governance.residence")
        assert said.fetchall() == [("2", True)]


def test_who_lives_is_registered_and_owns_where(reconcile):
    other = FLAT.replace("202室", "302室")
    empty = FLAT.replace("202室", "402室")
    rows = [
        registered(0),
        lives(0, FLAT.replace("室", "")),
        lives(0, FLAT, PENSION),
        registered(1),
        lives(1, other),
        registered(2, death_date=date(2020, 1, 1)),
        {**person(3), "system": HOUSING, "property_address": other},
        {**person(4), "system": HOUSING, "property_address": other},
        {**person(4), "system": HOUSING, "property_address": empty},
    ]  # fmt: skip
    with reconcile(rows, until=("returned.dwelling_register", "governance.resident")) as connection:
        register = connection.execute(
            """select right(standard_address, 4), living_count, household_count, registered_count, owner_count,
                owner_names, is_vacant
            from returned.dwelling_register order by standard_address"""
        ).fetchall()
        assert register == [
            ("202室", 1, 1, 2, 0, None, False),
            ("302室", 1, 1, 0, 2, "刘洋、陈洁", False),
            ("402室", 0, 0, 0, 1, "刘洋", True),
        ]
        apart = connection.execute(
            """select r.name, s.is_registered_elsewhere, s.source_systems from governance.residence as s
            join governance.resident as r using (resident_id) where residence_kind_code = '2' order by 2"""
        ).fetchall()
        assert apart == [("王建国", False, f"{HEALTH},{PENSION}"), ("李梅", True, HEALTH)]


def test_the_third_groups_of_two_villages_of_one_community_are_two_grids(reconcile):
    """Merged villages: each kept the numbers of its groups."""
    rows = [lives(0, "虹桥村3组5号"), lives(1, "虹桥村三组6号"), lives(2, "学田村3组8号"), lives(3, FLAT)]
    with reconcile(rows, until=("governance.grid",)) as connection:
        grids = connection.execute("select grid_name, grid_basis_code, living_count from governance.grid order by 2, 1")
        assert grids.fetchall()[1:] == [("学田村3组", "2", 1), ("虹桥村3组", "2", 2)]


def test_no_two_numbers_ever_share_a_door(synced):
    """On the simulated community: all the spellings of a door have the same numbers in the same order."""
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    version = publish.current(synced)
    with connect(version.database, settings=synced, read_only=True) as connection:
        numbers = "array_to_string(regexp_extract_all(address_text(written), '[0-9]+'), '-')"
        mixed, doors_found, spellings = connection.execute(
            f"""select count(*) filter (where numbers > 1), count(*), sum(spellings) from (
                select count(distinct {numbers}) as numbers, count(*) as spellings
                from matching.address_spelling group by address_id)"""
        ).fetchall()[0]
        assert mixed == 0
        assert spellings > 2 * doors_found > 0
        lost = connection.execute(
            f"""with link as ({link_select()})
            select count(*) from matching.resident_candidate as c
            where c.property_address is not null and not exists (
                select 1 from link as l where l.record_id = c.record_id and l.element_id = 'property_address')"""
        ).fetchall()
        assert lost == [(0,)]
