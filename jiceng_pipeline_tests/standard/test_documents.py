"""Documents other than the citizens' own are known by the form of their numbers, and nothing else is taken for one."""

import pytest
from id_validator import validator

from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.standard.register import elements, held, instead_of
from jiceng_pipeline.warehouse.connection import connect

PERMANENT = "93115619800101123" + citizen_check_sign("93115619800101123")
HONG_KONG, MACAO, TAIWAN = (
    area + "19850712003" + citizen_check_sign(area + "19850712003") for area in ("810000", "820000", "830000")
)


@pytest.fixture(scope="module")
def sql():
    with connect() as connection:
        yield lambda expression, *values: connection.execute(f"select {expression}", list(values)).fetchall()[0][0]


@pytest.mark.parametrize(
    ("typed", "number", "kind"),
    [
        ("H12345678", "H12345678", "516"),
        ("m1234567801", "M12345678", "516"),
        ("Ｈ１２３４５６７８", "H12345678", "516"),
        ("H 1234 5678", "H12345678", "516"),
        ("01234567", "01234567", "511"),
        (PERMANENT, PERMANENT, "553"),
        ("USA110080010101", "USA110080010101", "553"),
        ("E12345678", "E12345678", "414"),
        ("tr1234567", "TR1234567", "414"),
        ("C1234567", "C1234567", "414"),
        ("N123A4567", "N123A4567", "414"),
    ],
)
def test_a_document_is_known_by_its_form(sql, typed, number, kind):
    assert sql("std_other_document(?)", typed) == number
    assert sql("identity_document_type(?)", number) == kind
    assert sql("std_citizen_id(?)", typed) is None


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X", "110105194912310021", "110105491231002", "19491231", "20260229", "00000000",
        "99999999", "12345678", "9" * 18,
        "93115619800101123" + "0123456789X".replace(PERMANENT[-1], "")[0], "无", "", None, "住址同上", "H1234567890123",
        "3.2060219E+17", "13812345678", "AB12345678", "王芳",
    ],
)  # fmt: skip
def test_what_is_no_other_document(sql, text):
    assert sql("std_other_document(?)", text) is None


@pytest.mark.parametrize("number", [HONG_KONG, MACAO, TAIWAN])
def test_residence_permits_are_numbered_as_citizens_are(sql, number):
    assert validator.is_valid(number)
    assert sql("std_citizen_id(?)", number.lower()) == number
    assert sql("identity_document_type(?)", number) == "550"


def test_only_whole_regions_issue_residence_permits(sql):
    stem = "810101" + HONG_KONG[6:17]
    assert sql("std_citizen_id(?)", stem + citizen_check_sign(stem)) is None


def test_every_kind_has_its_code(sql):
    numbers = ["11010519491231002X", HONG_KONG, PERMANENT, "H12345678", "01234567", "E12345678"]
    kinds = sql("list_transform(?, lambda n: identity_document_type(n))", numbers)
    assert sorted(kinds) == sorted(code_sets()["identity_document_type"])
    assert sql("identity_document_type(null)") is None


def test_one_box_holds_either_number():
    assert [each.id for each in instead_of("citizen_id")] == ["other_document_number"]
    assert held(["citizen_id", "name"]) == {"citizen_id", "name", "other_document_number"}
    for each in elements().values():
        if each.instead_of:
            assert set(each.entities) <= set(elements()[each.instead_of].entities)
            assert each.mask == "hidden", "six digits of a document may name a country"
