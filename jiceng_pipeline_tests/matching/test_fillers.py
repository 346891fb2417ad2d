"""What is typed because a number has to stand there, 000000 or 12345678, makes nobody one with strangers."""

from datetime import date

import pytest

from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.matching.conftest import FOOD, HEALTH, PENSION, REGISTER, SHOPS, citizen_id, credit_code
from jiceng_pipeline_tests.matching.test_enterprise_codes import together

ZEROS = "0" * 18
MEASURES = (
    ("citizen_id", "std_citizen_id"),
    ("other_document_number", "std_other_document"),
    ("unified_social_credit_code", "std_credit_code"),
)


def standardised(row):
    """Return a row with what standardisation makes of the numbers typed in it, and the text beside."""
    with connect() as connection:
        for element, function in MEASURES:
            if typed := row.get(element):
                read = connection.execute(f"select {function}(?)", [typed]).fetchall()[0][0]
                row = {**row, element: read, f"{element}_raw": typed}
    return row


@pytest.mark.parametrize(
    "number",
    [{"citizen_id": "1" * 15}, {"citizen_id": ZEROS}, {"citizen_id": "123456789012345678"},
     {"other_document_number": "12345678"}, {"other_document_number": "9" * 18}],
)  # fmt: skip
def test_two_namesakes_under_a_filler_are_two(reconcile, number):
    rows = [
        {"system": HEALTH, "name": "王芳", "phone": "13912345678", "dwelling_address": "学田路1号2幢301室",
         "birth_date": date(1984, 5, 6)},
        {"system": PENSION, "name": "王芳", "phone": "13987654321", "dwelling_address": "青年路8号1幢101室"},
    ]  # fmt: skip
    with reconcile([standardised({**row, **number}) for row in rows], until=("matching.resident_link",)) as connection:
        residents = connection.execute("select count(distinct entity_id) from matching.resident_link").fetchall()
        assert residents == [(2,)]


@pytest.mark.parametrize("code", [ZEROS, "123456789012345678", "1" * 18, "00000000-0", "111111111"])
def test_shops_under_a_filler_are_as_many_as_they_are(reconcile, code):
    rows = [
        {"system": SHOPS, "enterprise_name": "老王面馆", "phone": "13912345678", "legal_representative_name": "王建国"},
        {"system": SHOPS, "enterprise_name": "海鑫商贸", "phone": "13987654321", "legal_representative_name": "陈秀英"},
        {"system": FOOD, "enterprise_name": "青年路理发店", "legal_representative_name": "李强"},
    ]
    typed = [standardised({**row, "unified_social_credit_code": code}) for row in rows]
    with reconcile(enterprises=typed, until=("matching.enterprise_link",)) as connection:
        assert together(connection) == sorted([["海鑫商贸"], ["老王面馆"], ["青年路理发店"]])


@pytest.mark.parametrize("number", ["0" * 15, "999", "123456789012345"])
def test_an_old_number_that_is_a_filler_leads_to_no_enterprise(reconcile, number):
    code = credit_code("91320602MA1XXXXX0")
    rows = [
        {"system": SHOPS, "enterprise_name": "海鑫商贸", "unified_social_credit_code": code, "phone": "13987654321"},
        {"system": FOOD, "enterprise_name": "老王面馆", "phone": "13912345678", "legal_representative_name": "王建国"},
        {"system": FOOD, "enterprise_name": "青年路小吃店", "legal_representative_name": "李强"},
    ]
    typed = [{**row, "registration_number": number} for row in rows]
    with reconcile(enterprises=typed, until=("matching.enterprise_link",)) as connection:
        assert together(connection) == sorted([["海鑫商贸"], ["老王面馆"], ["青年路小吃店"]])


@pytest.mark.parametrize(
    ("system", "family", "households"),
    [
        (REGISTER, {"household_number": "0"}, [1, 1, 1]),
        (REGISTER, {"household_number": "000000000"}, [1, 1, 1]),
        (HEALTH, {"household_number": "999"}, [1, 1, 1]),
        ("civil_affairs/subsistence_allowance", {"subsistence_certificate_number": "0"}, [1, 1, 1]),
        ("civil_affairs/subsistence_allowance", {"subsistence_certificate_number": "8"}, [3]),
        (REGISTER, {"household_number": "88"}, [3]),
    ],
)
def test_a_filler_makes_no_household(reconcile, system, family, households):
    people = (("王建国", "学田路1号2幢203室"), ("陈秀英", "工农路7号2幢503室"), ("李强", "青年路8号201室"))
    rows = [
        {"system": system, "name": name, "citizen_id": citizen_id(f"320602195{nth}0303123"),
         "dwelling_address": address, **family}
        for nth, (name, address) in enumerate(people)
    ]  # fmt: skip
    with reconcile(rows, until=("governance.household",)) as connection:
        found = connection.execute("select member_count from governance.household order by 1").fetchall()
        assert [count for (count,) in found] == households
