"""Every kind of error occurs about as often as its rate says."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.simulation.errors import CARE, NO_NUMBER, Rates, profile
from jiceng_pipeline.simulation.settlement import AWAY
from jiceng_pipeline.simulation.store import stores

REGISTER, HEALTH = "public_security/household_register", "health/resident_health_record"
PENSION, ALLOWANCE = "social_security/pension_insurance", "civil_affairs/subsistence_allowance"
INSURED, OWNERS = "medical_insurance/insured_person", "housing/property_register"
PUPILS = "education/student_roster"
ENTERPRISES, LICENCES = "market_supervision/enterprise_register", "market_supervision/food_licence"


def made(records, kind, column):
    """Return how many errors of a kind were made in a column."""
    return sum(int(mark.rows.sum()) for mark in records.marks if (mark.kind, mark.column) == (kind, column))


def close(count, possible, rate):
    """Return whether a count is within five standard deviations of what the rate promises."""
    return abs(count - possible * rate) <= 5 * np.sqrt(possible * rate * (1 - rate)) + 1


# kind, column of each system in which it can happen to every record
EVERYWHERE = [
    ("number_missing", {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码", ALLOWANCE: "身份证号"}),
    ("number_missing", {ENTERPRISES: "UNISCID", LICENCES: "credit_code"}),
    ("number_mistyped", {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码", ENTERPRISES: "UNISCID"}),
    ("number_transposed", {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码", ENTERPRISES: "UNISCID"}),
    ("number_letter_o", {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码"}),
    ("number_full_width", {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码"}),
    ("number_spaced", {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码"}),
    ("phone_missing", {REGISTER: "lxdh", HEALTH: "mobile", PENSION: "手机", ENTERPRISES: "TEL"}),
    ("phone_old", {REGISTER: "lxdh", HEALTH: "mobile", PENSION: "手机", LICENCES: "phone"}),
    ("address_missing", {REGISTER: "hkdz", HEALTH: "presentAddress", PENSION: "居住地址"}),
    ("address_stale", {REGISTER: "hkdz", HEALTH: "presentAddress", PENSION: "居住地址"}),
    ("address_bare", {HEALTH: "presentAddress", PENSION: "居住地址", ENTERPRISES: "DOM"}),
    ("address_other_block_word", {HEALTH: "presentAddress", PENSION: "居住地址"}),
    ("address_without_room_word", {HEALTH: "presentAddress", PENSION: "居住地址", ALLOWANCE: "家庭住址"}),
    ("community_missing", {REGISTER: "sqdm", HEALTH: "village", PENSION: "社区", ENTERPRISES: "COMMUNITY"}),
    ("cell_missing", {REGISTER: "hyzk", HEALTH: "ethnic", PENSION: "性别", ENTERPRISES: "OPSCOPE"}),
    ("enterprise_name_variant", {ENTERPRISES: "ENTNAME", LICENCES: "subject"}),
    ("registered_twice", {REGISTER: "", HEALTH: "", PENSION: ""}),
    ("number_missing", {INSURED: "AAC002", OWNERS: "证件号码", PUPILS: "学生/身份证件号"}),
    ("number_mistyped", {INSURED: "AAC002", OWNERS: "证件号码", PUPILS: "学生/身份证件号"}),
    ("registered_twice", {INSURED: "", OWNERS: "", PUPILS: ""}),
]


@pytest.mark.parametrize(("kind", "columns"), EVERYWHERE, ids=lambda value: value if isinstance(value, str) else "")
def test_errors_that_can_happen_to_every_record(written, kind, columns):
    for system, column in columns.items():
        records, rate = written[system], getattr(Rates().of(system), kind)
        assert close(made(records, kind, column), records.table.num_rows, rate), (system, column)


def rows_of(street, records):
    """Return the row of the truth each record speaks of."""
    place = {person: row for row, person in enumerate(street.person_id.to_pylist())}
    return np.array([place[person] for person in records.entity_id.to_pylist()])


@pytest.mark.parametrize(("system", "number", "name"), [(HEALTH, "idCard", "name"), (PENSION, "证件号码", "姓名")])
def test_errors_that_can_happen_to_some(street, written, system, number, name):
    records, rates = written[system], Rates().of(system)
    rows = rows_of(street, records)
    has_relative = (street.relative[rows] >= 0).sum()
    assert close(made(records, "number_of_relative", number), has_relative, rates.number_of_relative)
    old = (street.people.birth[rows] < np.datetime64("1985-01-01")) & ~street.documents.is_held[rows]
    assert close(made(records, "number_fifteen_digits", number), old.sum(), rates.number_fifteen_digits * 0.9)
    ends_in_x = sum(street.identity_number[row].as_py().endswith("X") for row in rows.tolist())
    assert close(made(records, "number_small_x", number), ends_in_x, rates.number_small_x * 0.9)
    named = street.people.names.take(rows)
    has_homophone = (street.reference.homophones[0][named.last] > 0).sum()
    assert close(made(records, "name_homophone", name), has_homophone, rates.name_homophone)
    rare = street.reference.is_rare[named.last] | ((named.first >= 0) & street.reference.is_rare[named.first])
    assert close(made(records, "name_question_mark", name), rare.sum(), rates.name_question_mark)
    assert 0 < made(records, "name_lookalike", name) < len(rows) * rates.name_lookalike
    column = {HEALTH: "birthday", PENSION: "出生日期"}[system]
    born = street.people.birth[rows].astype("datetime64[D]")
    assert close(made(records, "birth_date_default", column), len(rows), rates.birth_date_default)
    assert close(made(records, "birth_date_1900", column), len(rows), rates.birth_date_1900)
    by_the_moon = (born < np.datetime64("1980-01-01")).sum()
    assert close(made(records, "birth_date_lunar", column), by_the_moon, rates.birth_date_lunar)
    day = (born - born.astype("datetime64[M]")).astype(int) + 1
    month = born.astype("datetime64[M]").astype(int) % 12 + 1
    assert close(
        made(records, "birth_date_swapped", column),
        ((day <= 12) & (day != month)).sum(),
        0.98 * rates.birth_date_swapped,
    )
    phone = {HEALTH: "mobile", PENSION: "手机"}[system]
    assert close(made(records, "phone_of_clerk", phone), (street.age[rows] > 60).sum(), 0.92 * rates.phone_of_clerk)
    assert 0 < made(records, "phone_of_child", phone) < 0.05 * len(rows)
    dropped = ((named.first >= 0) & ~rare & ~street.is_dotted[rows] & ~street.documents.is_foreign[rows]).sum()
    assert close(made(records, "name_dropped", name), dropped, 0.985 * rates.name_dropped)
    assert 0 < made(records, "name_traditional", name) < len(rows) * rates.name_traditional
    for kind in ("name_pinyin", "name_private_code", "name_dot"):
        assert made(records, kind, name) > 0, kind
    assert made(records, "number_destroyed", number) == 0, "no spreadsheet here"


def test_the_dead_are_still_listed_here_and_there(street, written):
    dead = (~street.is_alive & street.is_registered).sum()
    assert close(made(written[REGISTER], "dead_still_listed", "swrq"), dead, Rates().dead_still_listed)
    assert made(written[HEALTH], "dead_still_listed", "") > 20
    assert made(written[PENSION], "dead_still_listed", "参保状态") > 20


def test_about_every_tenth_record_has_no_number(written):
    columns = {REGISTER: "gmsfhm", HEALTH: "idCard", PENSION: "证件号码", ALLOWANCE: "身份证号"}
    missing = sum(made(written[system], "number_missing", column) for system, column in columns.items())
    share = missing / sum(written[system].table.num_rows for system in columns)
    assert 0.095 < share < 0.12
    assert NO_NUMBER[HEALTH] > NO_NUMBER[REGISTER] < NO_NUMBER[PENSION]


def test_every_system_has_a_little_rubbish(written, careless):
    of_people = [system for system in written if system != "government_services/service_point"]
    for records in [each[system] for each in (written, careless) for system in of_people]:
        columns = {mark.column: int(mark.rows.sum()) for mark in records.marks if mark.kind == "cell_rubbish"}
        assert len(columns) >= 2
        usual = Rates().cell_rubbish * records.table.num_rows
        assert all(2 <= count <= 2 + usual + 5 * usual**0.5 for count in columns.values())


def test_who_is_listed_where(street, written):
    people = len(street.people)
    assert written[REGISTER].table.num_rows == pytest.approx(0.95 * people, rel=0.02)
    adults = (street.age >= 16).sum()
    assert written[PENSION].table.num_rows == pytest.approx(0.6 * adults, rel=0.03)
    assert written[HEALTH].table.num_rows == pytest.approx(0.7 * people, rel=0.03)
    assert written[INSURED].table.num_rows == pytest.approx(0.79 * people, rel=0.03)
    assert written[PUPILS].table.num_rows == pytest.approx(
        0.93 * ((street.age >= 3) & (street.age < 18)).sum(), rel=0.03
    )
    households = {street.household_id[row].as_py() for row in rows_of(street, written[ALLOWANCE])}
    assert len(households) == pytest.approx(0.015 * (street.people.household.max() + 1), rel=0.1)


def test_migrants_are_known_to_health_and_pension_only(street, written):
    migrants = ~street.is_registered
    for system, known in ((REGISTER, False), (ALLOWANCE, False), (HEALTH, True), (PENSION, True)):
        assert migrants[rows_of(street, written[system])].any() == known, system
    assert (street.situation[rows_of(street, written[HEALTH])] == AWAY).any()


def test_a_rate_is_between_nought_and_one():
    with pytest.raises(UsageError, match="phone_old"):
        Rates(phone_old=1.2)


def test_a_careful_office_slips_less_and_misses_as_much():
    usual, careful = Rates(), Rates().of(REGISTER)
    assert careful.number_mistyped == usual.number_mistyped * CARE[REGISTER]
    assert careful.phone_missing == usual.phone_missing


def test_without_errors_the_stores_say_the_truth(community):
    for system, store in stores().items():
        records = store.records(community, Rates.none())
        assert not any(mark.rows.any() for mark in records.marks), system
    table = stores()[REGISTER].records(community, Rates.none()).table
    assert set(table["gmsfhm"].to_pylist()) <= set(community.people.citizen_id.to_pylist())
    assert set(table["xm"].to_pylist()) <= set(community.names.to_pylist())


@pytest.mark.parametrize("kind", [each.name for each in fields(Rates)])
def test_every_kind_can_be_switched_off(community, kind):
    rates = replace(Rates(), **{kind: 0.0})
    marks = [mark for store in stores().values() for mark in store.records(community, rates).marks]
    assert not any(mark.rows.any() for mark in marks if mark.kind == kind)


@pytest.mark.parametrize(("system", "column"), [(OWNERS, "证件号码"), (PUPILS, "学生/身份证件号")])
def test_spreadsheets_destroy_numbers_that_are_all_digits(street, written, system, column):
    records = written[system]
    digits = sum(street.identity_number[row].as_py().isdigit() for row in rows_of(street, records).tolist())
    assert close(made(records, "number_destroyed", column), digits, 0.95 * Rates().number_destroyed)


def test_old_names_of_places(written):
    for system, column in ((HEALTH, "presentAddress"), (PENSION, "居住地址"), (INSURED, "AAE006")):
        records = written[system]
        possible = sum(
            bool(re.search(r"(新村|花苑|花园|名苑|公馆)\d", each or "")) for each in records.table[column].to_pylist()
        )
        assert made(records, "address_old_name", column) > 0.6 * possible * Rates().address_old_name


def test_the_profiles():
    harsh, usual = profile("harsh"), profile("default")
    assert usual == Rates()
    assert all(getattr(harsh, each.name) >= getattr(usual, each.name) for each in fields(Rates))
    with pytest.raises(UsageError, match="gentle"):
        profile("gentle")
