"""The errors of names, birthdays, telephones and spreadsheets have the forms they have in life."""

import re
from datetime import date

import numpy as np
import pytest

from jiceng_pipeline.simulation.variants import ROADS, TRADITIONAL

HEALTH, PUPILS = "health/resident_health_record", "education/student_roster"
BANNER, OWNERS = "civil_affairs/elderly_allowance", "housing/property_register"


@pytest.fixture
def cells(community, careless):
    """Return a function: system, column, kind → pairs of (what is written, row of the true person)."""
    place = {person: row for row, person in enumerate(community.person_id.to_pylist())}

    def find(system, column, kind):
        records = careless[system]
        rows = np.logical_or.reduce([mark.rows for mark in records.marks if (mark.column, mark.kind) == (column, kind)])
        written, whose = records.table[column].to_pylist(), records.entity_id.to_pylist()
        return [(written[row], place[whose[row]]) for row in np.flatnonzero(rows).tolist()]

    return find


def test_the_letter_o_stands_for_a_zero(community, cells):
    ids = community.identity_number.to_pylist()
    found = cells(HEALTH, "idCard", "number_letter_o")
    assert len(found) > 20
    for written, row in found:
        assert written.count("O") == 1
        assert written.replace("O", "0") == ids[row]


def test_a_destroyed_number_keeps_its_first_digits(community, cells):
    ids = community.identity_number.to_pylist()
    found = cells(OWNERS, "证件号码", "number_destroyed")
    assert len(found) > 20
    for written, row in found:
        assert re.fullmatch(r"\d\.\d{7}E\+17", written)
        assert written.replace(".", "")[:8] == ids[row][:8]


def test_a_dropped_character_is_the_second_of_the_given_name(community, cells):
    names = community.names.to_pylist()
    found = cells(HEALTH, "name", "name_dropped")
    assert len(found) > 20
    assert all(written == names[row][:-1] for written, row in found)


def test_traditional_names_are_the_same_names(community, cells):
    names = community.names.to_pylist()
    back = {other: plain for plain, other in TRADITIONAL.items()}
    plain = {ord(other): plain for other, plain in back.items()}
    found = cells(HEALTH, "name", "name_traditional")
    assert len(found) > 20
    for written, row in found:
        assert written != names[row]
        assert written.translate(plain) == names[row].translate(plain)


@pytest.mark.parametrize(("kind", "form"), [("name_pinyin", "[a-z]+"), ("name_private_code", "[\ue000-\uf8ff]+")])
def test_rare_characters_have_stand_ins(community, written, street, kind, form):
    records = written[HEALTH]
    (mark,) = [mark.rows for mark in records.marks if mark.kind == kind]
    names = records.table["name"].to_pylist()
    rows = np.flatnonzero(mark).tolist()
    assert rows
    assert all(re.search(form, names[row]) for row in rows)


def test_dots_have_many_signs(street, written):
    records = written["public_security/household_register"]
    (mark,) = [mark.rows for mark in records.marks if mark.kind == "name_dot"]
    place = {person: row for row, person in enumerate(street.person_id.to_pylist())}
    true = street.names.to_pylist()
    rows = np.flatnonzero(mark).tolist()
    assert rows
    for row in rows:
        name = true[place[records.entity_id[row].as_py()]]
        assert records.table["xm"][row].as_py() != name
        assert re.split("[•．.・]| · ", records.table["xm"][row].as_py()) == name.split("·")


def test_birthdays_by_the_moon_swapped_and_filled_in(community, cells):
    born = community.people.birth.astype("datetime64[D]").astype(object)
    for written, row in cells(HEALTH, "birthday", "birth_date_lunar"):
        if written[:4] not in {"1985", "1979"}:
            assert 20 <= (born[row] - date.fromisoformat(written)).days <= 50
    for written, row in cells(HEALTH, "birthday", "birth_date_swapped"):
        if "-02-30" not in written and "-13-" not in written:
            assert written == f"{born[row].year}-{born[row].day:02}-{born[row].month:02}"
    assert {written for written, _ in cells(BANNER, "出生年月日", "birth_date_1900")} == {"1900/01/01"}


def test_telephones_of_others(community, cells):
    people, phones = community.people, community.people.phone.to_pylist()
    for written, row in cells(HEALTH, "mobile", "phone_of_child"):
        others = {phones[each] for each in np.flatnonzero(people.household == people.household[row]).tolist()}
        assert written is None or written in others
    clerks = community.clerk_phone.to_pylist()
    for written, row in cells(HEALTH, "mobile", "phone_of_clerk"):
        assert written in {None, clerks[community.community[row]]}


def test_old_places_are_named_as_people_name_them(cells):
    found = [written for written, _ in cells(HEALTH, "presentAddress", "address_old_name") if written]
    assert len(found) > 20
    assert any(old in written for written in found for old in ROADS.values())
    assert all(
        any(old in written for old in ROADS.values()) or not re.search(r"(新村|花苑|花园|名苑|公馆)\d", written)
        for written in found
    )
