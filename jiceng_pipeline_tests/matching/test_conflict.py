"""What systems say otherwise is listed with what it is: a disagreement, or the same written otherwise."""

from datetime import date

import pytest

from jiceng_pipeline_tests.matching.conftest import FOOD, HEALTH, PENSION, REGISTER, SHOPS, citizen_id, credit_code

CONFLICT = ("governance.conflict",)
LI = citizen_id("32060219700101111")
HOUSING = "housing/property_register"
HERE = "320613001001"
LANE, LANE_WITHOUT_HEAD = "江苏省南通市崇川区易家巷63号", "易家巷63号"
ROOM = "江苏省南通市崇川区虹桥街道学田路270号幸福里10幢1单元202室"
ROOM_SHORT, BUILDING, ELSEWHERE = (
    "学田路270号幸福里10幢1单元202",
    "学田路270号幸福里10幢",
    "青年东路225号银花苑7幢3单元501室",
)
OLD, NEW = date(2021, 1, 1), date(2022, 1, 1)


def person(system, day=OLD, **cells):
    return {
        "system": system, "name": "李毓国", "citizen_id": LI, "birth_date": date(1970, 1, 1),
        "community_code": HERE, "record_updated_date": day, **cells,
    }  # fmt: skip


@pytest.fixture
def kinds(reconcile):
    """Return a function: rows in, {element: (present, others, kind)} out."""

    def of(*residents, enterprises=()):
        with reconcile(residents, enterprises, CONFLICT) as connection:
            rows = connection.execute("select element_id, present_value, other_values, kind from governance.conflict")
            return {element: tuple(told) for element, *told in rows.fetchall()}

    return of


@pytest.mark.parametrize(
    ("element", "stands", "other", "kind"),
    [
        ("dwelling_address", ROOM, ROOM_SHORT, "spelling"),
        ("dwelling_address", LANE, LANE_WITHOUT_HEAD, "spelling"),
        ("dwelling_address", ROOM, BUILDING, "coarser"),
        ("dwelling_address", ROOM, ELSEWHERE, "differs"),
        ("dwelling_address", LANE, "易家巷6号", "differs"),
        ("household_number", "32061300588772353", "JT88765433", "own_number"),
        ("family_relation_code", "12", "10", "coarser"),
        ("family_relation_code", "10", "12", "coarser"),
        ("family_relation_code", "12", "20", "differs"),
        ("family_relation_code", "11", "12", "differs"),
        ("marital_status_code", "22", "20", "coarser"),
        ("marital_status_code", "20", "90", "coarser"),
        ("name", "李毓国", "李?国", "coarser"),
        ("name", "李毓国", "李yu国", "coarser"),
        ("name", "李毓国", "李玉国", "differs"),
        ("name", "李毓国", "李毓國", "spelling"),
        ("name", "买买提·吐尔逊", "买买提吐尔逊", "spelling"),
        ("phone", "13911111112", "13922222223", "differs"),
    ],
)
def test_two_systems(kinds, element, stands, other, kind):
    found = kinds(person(REGISTER, NEW, **{element: stands}), person(HEALTH, **{element: other}))
    assert found == {element: (stands, other, kind)}


def test_one_system_with_two_records_and_what_another_adds(kinds):
    first, second = (
        person(HOUSING, day, property_area_m2=area, phone=phone)
        for day, area, phone in ((NEW, "118.25", "13911111112"), (OLD, "52.67", "13922222223"))
    )
    assert kinds(first, second) == {
        "property_area_m2": ("118.25", "52.67", "several"),
        "phone": ("13911111112", "13922222223", "several"),
    }
    third = person(PENSION, phone="13933333334")
    assert kinds(first, second, third)["phone"] == ("13911111112", "13922222223；13933333334", "differs")
    numbered = [person(REGISTER, day, household_number=number) for day, number in ((NEW, "1"), (OLD, "2"))]
    assert kinds(*numbered)["household_number"] == ("1", "2", "several")


def test_of_several_others_one_that_differs_is_enough_and_else_the_coarser_tells(kinds):
    def said(*others):
        return kinds(
            person(REGISTER, NEW, dwelling_address=ROOM),
            *(
                person(system, dwelling_address=other)
                for system, other in zip((HEALTH, PENSION, HOUSING), others, strict=False)
            ),
        )["dwelling_address"][2]

    assert said(ROOM_SHORT) == "spelling"
    assert said(ROOM_SHORT, BUILDING) == "coarser"
    assert said(ROOM_SHORT, BUILDING, ELSEWHERE) == "differs"


def test_a_company_without_its_place_is_the_same_and_disagreements_come_first(kinds):
    shop = {
        "unified_social_credit_code": credit_code("92320602123456788"), "community_code": HERE,
        "record_updated_date": OLD,
    }  # fmt: skip
    found = kinds(
        person(REGISTER, family_relation_code="12"),
        person(HEALTH, family_relation_code="10"),
        enterprises=[
            {"system": SHOPS, **shop, "enterprise_name": "崇川区辰禄美容店", "phone": "13911111112"},
            {"system": FOOD, **shop, "enterprise_name": "辰禄美容店", "phone": "13922222223"},
        ],
    )
    assert {element: kind for element, (_, _, kind) in found.items()} == {
        "phone": "differs", "enterprise_name": "spelling", "family_relation_code": "coarser",
    }  # fmt: skip
    assert next(iter(found)) == "phone"
