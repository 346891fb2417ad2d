"""What an enterprise goes by: its credit code, the organisation code inside it, its old number; and who runs it."""

from datetime import date

from jiceng_pipeline_tests.matching.conftest import FOOD, HEALTH, REGISTER, SHOPS, citizen_id, credit_code

CODE = credit_code("91320602123456788")  # the organisation code 12345678-8 is inside
OWNER = citizen_id("32060219700101111")


def shop(system, name, **more):
    return {"system": system, "enterprise_name": name, "legal_representative_name": "王建国", **more}


def together(connection):
    """Return which names are one enterprise, each group sorted."""
    groups = {}
    for entity, name in connection.execute(
        """select l.entity_id, r.enterprise_name from matching.enterprise_link as l
        join standard.enterprise_record as r using (record_id)"""
    ).fetchall():
        groups.setdefault(entity, []).append(name)
    return sorted(sorted(names) for names in groups.values())


def test_an_older_number_leads_to_the_credit_code(reconcile):
    """The names have nothing in common: the enterprise was renamed."""
    twice = {"registration_number": "320602555555555"}  # two enterprises claim it
    one, other = credit_code("92320602MA1234567"), credit_code("92320602MA7654321")
    rows = [
        shop(SHOPS, "海鑫商贸", unified_social_credit_code=CODE, registration_number="320602123456789"),
        {"system": FOOD, "enterprise_name": "永兴物流部", "unified_social_credit_code_raw": "12345678-8"},
        {"system": FOOD, "enterprise_name": "三江面馆", "registration_number": "320602123456789"},
        {"system": FOOD, "enterprise_name": "没有此码", "unified_social_credit_code_raw": "12345678-5"},
        {"system": FOOD, "enterprise_name": "另一注册号", "registration_number": "320602987654321"},
        {"system": SHOPS, "enterprise_name": "甲", "unified_social_credit_code": one, **twice},
        {"system": SHOPS, "enterprise_name": "乙", "unified_social_credit_code": other, **twice},
        {"system": FOOD, "enterprise_name": "丙", **twice},
        {"system": SHOPS, "enterprise_name": "只有组织机构代码", "unified_social_credit_code_raw": "D2143569-X"},
        {"system": FOOD, "enterprise_name": "改过名", "unified_social_credit_code_raw": "d2143569x"},
    ]
    with reconcile(enterprises=rows, until=("matching.enterprise_link",)) as connection:
        assert together(connection) == sorted(
            [
                ["三江面馆", "永兴物流部", "海鑫商贸"],
                ["没有此码"],
                ["另一注册号"],
                ["甲"],
                ["乙"],
                ["丙"],
                ["只有组织机构代码", "改过名"],
            ]
        )


def test_two_licences_are_one_shop_and_a_branch_is_another(reconcile):
    """Same owner, same telephone: a branch without its code is still another business with a licence of its own."""
    place = {"phone": "13800000001", "legal_representative_citizen_id": OWNER}
    shops = [
        shop(SHOPS, "崇川区海鑫小吃店", unified_social_credit_code=CODE, business_address="工农路9号", **place),
        shop(FOOD, "海鑫小吃店", business_address="崇川区工农路9号", food_licence_number="JY23206020000001", **place),
        shop(FOOD, "海鑫小吃店", business_address="工农路9号", food_licence_number="JY13206020000002", **place),
    ]
    branches = [
        shop(FOOD, f"海鑫小吃店{suffix}", business_address=f"青年路{number}号", **place)
        for number, suffix in enumerate(("青年路店", "崇川分公司", "第二门市部"), start=12)
    ]
    with reconcile(enterprises=[*shops, *branches], until=("matching.enterprise_link",)) as connection:
        assert together(connection) == sorted(
            [
                ["崇川区海鑫小吃店", "海鑫小吃店", "海鑫小吃店"],
                ["海鑫小吃店青年路店"],
                ["海鑫小吃店崇川分公司"],
                ["海鑫小吃店第二门市部"],
            ]
        )


def test_who_runs_and_who_works_there(reconcile):
    people = [
        {"system": REGISTER, "name": "王建国", "citizen_id": OWNER, "birth_date": date(1970, 1, 1)},
        {"system": HEALTH, "name": "李梅", "citizen_id": citizen_id("32060219720202222"), "phone": "13800000002"},
        {"system": HEALTH, "name": "赵强", "citizen_id": citizen_id("32060219730303333"), "phone": "13800000003"},
        {"system": HEALTH, "name": "赵强", "citizen_id": citizen_id("32060219950404444"), "phone": "13800000003"},
        {"system": "medical_insurance/insured_person", "name": "陈洁", "citizen_id": citizen_id("32060219800505555"),
         "employer_credit_code": CODE},
    ]  # fmt: skip
    shops = [
        shop(SHOPS, "海鑫商贸", unified_social_credit_code=CODE, legal_representative_citizen_id=OWNER,
             enterprise_type_code="1"),
        {"system": SHOPS, "enterprise_name": "李梅面馆", "legal_representative_name": "李梅", "phone": "13800000002",
         "enterprise_type_code": "2"},
        {"system": SHOPS, "enterprise_name": "赵强车行", "legal_representative_name": "赵强", "phone": "13800000003"},
        {"system": SHOPS, "enterprise_name": "陈洁花店", "legal_representative_name": "陈洁", "phone": "13800000009"},
    ]  # fmt: skip
    with reconcile(people, shops, ("governance.operation",)) as connection:
        links = connection.execute(
            """select e.enterprise_name, r.name, operation_role_code, operation_basis_code from governance.operation
            join governance.enterprise as e using (enterprise_id) join governance.resident as r using (resident_id)
            order by 1, 3"""
        ).fetchall()
        assert links == [
            ("李梅面馆", "李梅", "2", "3"),
            ("海鑫商贸", "王建国", "1", "1"),
            ("海鑫商贸", "陈洁", "3", "4"),
        ]


def test_a_number_left_of_whoever_ran_it_before_makes_nobody_run_it(reconcile):
    """Taken over: the register names the new operator without a number, the old licence has the old one's."""
    number, noodles = citizen_id("32060219720202222"), credit_code("92320602MA1234567")
    people = [
        {"system": REGISTER, "name": "王建国", "citizen_id": OWNER, "birth_date": date(1970, 1, 1)},
        {"system": REGISTER, "name": "李梅", "citizen_id": number},
    ]
    shops = [
        shop(SHOPS, "海鑫商贸", unified_social_credit_code=CODE, legal_representative_name="赵强"),
        shop(FOOD, "海鑫商贸", unified_social_credit_code=CODE, legal_representative_citizen_id=OWNER),
        shop(SHOPS, "李梅面馆", legal_representative_name="李梅", unified_social_credit_code=noodles),
        shop(FOOD, "李梅面馆", legal_representative_name="李眉", unified_social_credit_code=noodles,
             legal_representative_citizen_id=number),
    ]  # fmt: skip
    with reconcile(people, shops, ("governance.operation",)) as connection:
        runs = connection.execute(
            """select e.enterprise_name, r.name from governance.operation
            join governance.enterprise as e using (enterprise_id) join governance.resident as r using (resident_id)"""
        ).fetchall()
        assert runs == [("李梅面馆", "李梅")], (
            "the number is that of whom the register names, however the licence writes it"
        )
