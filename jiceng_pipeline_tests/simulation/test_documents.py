"""A few of those who came from elsewhere have no citizen's card: what they have instead is known by its form."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from id_validator import validator

from jiceng_pipeline.simulation import documents
from jiceng_pipeline.simulation.documents import CODES, KINDS, PERMANENT, PERMIT
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline.simulation.truth import residents
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.warehouse.connection import connect

FLOATING = "public_security/floating_population"


@pytest.fixture(scope="module")
def held(street):
    return street.documents


def numbers_of(held, kind):
    return held.numbers.filter(pa.array(held.kind[held.holders] == kind)).to_pylist()


def test_a_few_of_a_thousand_have_one(street, held):
    assert 0.002 < len(held.holders) / len(street.people) < 0.006
    assert not street.is_registered[held.holders].any()
    assert set(held.kind[held.holders].tolist()) == set(range(len(KINDS)))
    assert len(pc.unique(street.identity_number)) == len(street.people)


def test_residence_permits_say_birth_and_sex_as_cards_do(street, held):
    rows = held.holders[held.kind[held.holders] == PERMIT]
    birth = street.people.birth[rows].astype("datetime64[D]").astype(str)
    for number, born, male in zip(numbers_of(held, PERMIT), birth, street.people.male[rows], strict=True):
        assert validator.is_valid(number)
        assert number[:6] in {"810000", "820000", "830000"}
        assert number[6:14] == born.replace("-", "")
        assert int(number[16]) % 2 == male


def test_permanent_cards_have_a_check_sign_and_no_province(held):
    for number in numbers_of(held, PERMANENT):
        assert number[0] == "9"
        assert citizen_check_sign(number[:17]) == number[17]


def test_the_standard_knows_every_kind_by_its_form(street, held):
    numbers = held.numbers.to_pylist()
    kinds = [CODES[kind] for kind in held.kind[held.holders].tolist()]
    with connect() as connection:
        found = connection.execute(
            """select coalesce(std_citizen_id(n), std_other_document(n)) = n,
                identity_document_type(coalesce(std_citizen_id(n), std_other_document(n)))
            from (select unnest(?) as n)""",
            [numbers],
        ).fetchall()
    for number, kind, (is_kept, code) in zip(numbers, kinds, found, strict=True):
        if re.fullmatch("(19|20)[0-9]{6}", number):
            continue  # eight digits that could be a day
        assert is_kept, number
        assert code == ("516" if kind == "414" and re.fullmatch(r"[HM]\d{8}", number) else kind)


def test_foreigners_have_latin_names_others_chinese_ones(street, held):
    names, plain = held.names.to_pylist(), street.people.names.take(held.holders).written(street.reference).to_pylist()
    foreign = held.is_foreign[held.holders]
    assert all(re.fullmatch("[A-Z]+( [A-Z]+)+", name) for name, is_so in zip(names, foreign, strict=True) if is_so)
    others = [(name, own) for name, own, is_so in zip(names, plain, foreign, strict=True) if not is_so]
    assert not any(re.search("[A-Z]", name) for name, _ in others)
    assert 0.25 < np.mean([name != own for name, own in others]) < 0.6


def test_offices_write_the_document_into_the_box_of_the_number(street, held):
    records = stores()[FLOATING].records(street, Rates.none())
    number = dict(zip(street.person_id.take(pa.array(held.holders)).to_pylist(), held.numbers.to_pylist(), strict=True))
    name = dict(zip(street.person_id.to_pylist(), street.names.to_pylist(), strict=True))
    seen = 0
    columns = zip(*(records.table[column].to_pylist() for column in ("ZJHM", "XM", "HJDZ")), strict=True)
    for person, (written, called, home) in zip(records.entity_id.to_pylist(), columns, strict=True):
        if person in number:
            assert (written, called) == (number[person], name[person])
            assert home in {*documents.REGIONS, *documents.COUNTRIES}
            seen += 1
    assert seen > 50


def test_only_numbers_of_eighteen_characters_are_mangled(street, held, written):
    own = set(numbers_of(held, documents.PASSPORT)) | set(numbers_of(held, documents.TAIWAN))
    whose = dict(zip(street.person_id.to_pylist(), street.identity_number.to_pylist(), strict=True))
    records = written[FLOATING]
    borrowed = next(mark.rows for mark in records.marks if mark.kind == "number_of_relative")
    found = [
        (written, whose[person])
        for written, person, is_borrowed in zip(
            records.table["ZJHM"].to_pylist(), records.entity_id.to_pylist(), borrowed, strict=True
        )
        if whose[person] in own and not is_borrowed
    ]
    assert len(found) > 20
    assert all(written in {"", true} for written, true in found)


def test_the_truth_names_the_document(street, held):
    rows = residents(street)
    assert rows["citizen_id"].null_count == len(held.holders)
    assert pc.all(pc.equal(rows["citizen_id"], rows["document_number"])).as_py()
    counted = {each["values"]: each["counts"] for each in pc.value_counts(rows["document_type_code"]).to_pylist()}
    assert counted["111"] == len(street.people) - len(held.holders)
    assert set(counted) == {"111", *CODES}


def test_a_person_keeps_the_document_whoever_else_is_there(street, held):
    again = documents.held(street)
    assert again.numbers.equals(held.numbers)
    assert again.names.equals(held.names)
