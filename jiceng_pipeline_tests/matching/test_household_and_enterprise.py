"""Households follow the register, other families join by their members; a credit code is one enterprise."""

from datetime import date

from jiceng_pipeline_tests.matching.conftest import FOOD, HEALTH, PENSION, REGISTER, SHOPS, citizen_id, credit_code

HUSBAND, WIFE, CHILD, GUEST = (
    citizen_id(stem) for stem in ("32060219700101111", "32060219720202222", "32060220100303333", "32061119800404444")
)


def member(system, name, number, born, **more):
    return {"system": system, "name": name, "citizen_id": number, "birth_date": born, **more}


def test_a_family_of_another_system_joins_the_registered_household(reconcile):
    rows = [
        member(REGISTER, "王建国", HUSBAND, date(1970, 1, 1), household_number="H1", family_relation_code="02"),
        member(REGISTER, "李梅", WIFE, date(1972, 2, 2), household_number="H1", family_relation_code="10"),
        member(HEALTH, "王建国", HUSBAND, date(1970, 1, 1), household_number="F9"),
        member(HEALTH, "李梅", WIFE, date(1972, 2, 2), household_number="F9"),
        member(HEALTH, "王小明", CHILD, date(2010, 3, 3), household_number="F9"),
        member(PENSION, "赵强", GUEST, date(1980, 4, 4)),
    ]
    with reconcile(rows, until=("governance.household", "governance.resident")) as connection:
        households = connection.execute(
            """select household_number, member_count, minor_member_count, is_living_alone
            from governance.household order by household_number nulls last"""
        ).fetchall()
        assert households == [("H1", 3, 1, False), (None, 1, 0, True)]
        heads = connection.execute(
            """select r.name from governance.household as h
            join governance.resident as r on r.resident_id = h.head_resident_id order by 1"""
        ).fetchall()
        assert heads == [("王建国",), ("赵强",)]


def test_the_dead_are_no_members(reconcile):
    rows = [
        member(REGISTER, "王建国", HUSBAND, date(1970, 1, 1), household_number="H1", death_date=date(2026, 1, 1)),
        member(REGISTER, "李梅", WIFE, date(1972, 2, 2), household_number="H1"),
    ]
    with reconcile(rows, until=("governance.household", "governance.resident")) as connection:
        assert connection.execute("select member_count, is_living_alone from governance.household").fetchall() == [
            (1, True)
        ]


def test_one_credit_code_is_one_enterprise_whatever_it_is_called(reconcile):
    code, branch = credit_code("91320602MA1234567"), credit_code("91320602MA7654321")
    shops = [
        {"system": SHOPS, "enterprise_name": "南通虹桥饭店", "unified_social_credit_code": code,
         "legal_representative_name": "王建国", "community_code": "320613005001"},
        {"system": FOOD, "enterprise_name": "虹桥大饭店", "unified_social_credit_code": code,
         "food_licence_number": "JY2"},
        {"system": FOOD, "enterprise_name": "南通虹桥饭店", "legal_representative_name": "王建国"},
        {"system": SHOPS, "enterprise_name": "南通虹桥饭店青年路分店", "unified_social_credit_code": branch},
    ]  # fmt: skip
    with reconcile(enterprises=shops, until=("returned.enterprise_register",)) as connection:
        rows = connection.execute(
            "select enterprise_name, record_count, food_licence_number from governance.enterprise order by 2 desc"
        ).fetchall()
        assert rows == [("南通虹桥饭店", 3, "JY2"), ("南通虹桥饭店青年路分店", 1, None)]
        returned = connection.execute("select enterprise_name, community_name from returned.enterprise_register")
        assert returned.fetchall() == [("南通虹桥饭店", "虹桥社区居委会")]
