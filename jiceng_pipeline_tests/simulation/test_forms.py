"""Every kind of error has the form it has in life."""

import re

import numpy as np
import pyarrow.compute as pc
import pytest
from id_validator import validator
from stdnum.cn import uscc

REGISTER, HEALTH = "public_security/household_register", "health/resident_health_record"
PENSION, ALLOWANCE = "social_security/pension_insurance", "civil_affairs/subsistence_allowance"
ENTERPRISES, LICENCES = "market_supervision/enterprise_register", "market_supervision/food_licence"
HEAD = "江苏省南通市崇川区"


@pytest.fixture
def cells(community, careless):
    """Return a function: system, column, kind, true values → pairs of (what is written, what is true)."""

    def find(system, column, kind, true):
        records = careless[system]
        place = {entity: row for row, entity in enumerate(_entities(community, system).to_pylist())}
        rows = np.logical_or.reduce([mark.rows for mark in records.marks if (mark.column, mark.kind) == (column, kind)])
        hits = np.flatnonzero(rows).tolist()
        written, whose = records.table[column].to_pylist(), records.entity_id.to_pylist()
        found = [(written[row], true[place[whose[row]]]) for row in hits]
        assert len(found) >= 3, "too few to judge"
        return found

    return find


def _entities(city, system):
    return city.enterprise_id if system in {ENTERPRISES, LICENCES} else city.person_id


@pytest.fixture
def ids(community):
    return community.identity_number.to_pylist()


def differences(one, other):
    return [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def test_missing_numbers_are_empty(cells, ids):
    assert {written for written, _ in cells(REGISTER, "gmsfhm", "number_missing", ids)} == {None}
    for system, column in ((HEALTH, "idCard"), (PENSION, "证件号码")):
        assert {written for written, _ in cells(system, column, "number_missing", ids)} == {""}


@pytest.mark.parametrize(("system", "column"), [(REGISTER, "gmsfhm"), (HEALTH, "idCard"), (PENSION, "证件号码")])
def test_a_mistyped_number_differs_in_one_digit_and_fails_its_check(cells, ids, system, column):
    for written, true in cells(system, column, "number_mistyped", ids)[:15]:
        assert len(differences(written, true)) == 1
        assert not validator.is_valid(written)


def test_a_transposed_number_has_two_neighbours_swapped_and_fails_its_check(cells, ids):
    for written, true in cells(HEALTH, "idCard", "number_transposed", ids)[:15]:
        first, second = differences(written, true)
        assert second == first + 1
        assert (written[first], written[second]) == (true[second], true[first])
        assert not validator.is_valid(written)


def test_an_old_number_has_fifteen_digits_and_stands_for_the_new_one(cells, ids):
    for written, true in cells(PENSION, "证件号码", "number_fifteen_digits", ids)[:15]:
        assert len(written) == 15
        assert written == true[:6] + true[8:17]
        assert true[6:8] == "19"
        assert validator.is_valid(written)


def test_a_small_x_is_all_that_differs(cells, ids):
    for written, true in cells(HEALTH, "idCard", "number_small_x", ids):
        assert written[-1] == "x"
        assert written.upper() == true


def test_full_width_digits(cells, ids):
    for written, true in cells(HEALTH, "idCard", "number_full_width", ids):
        assert re.fullmatch(r"[０-９]{17}[０-９Ｘ]", written)
        assert "".join(chr(ord(each) - 0xFEE0) for each in written) == true


def test_spaces_in_numbers(cells, ids):
    found = cells(HEALTH, "idCard", "number_spaced", ids)
    assert all(written != true and written.replace(" ", "") == true for written, true in found)
    assert {len(written) for written, _ in found} == {19, 20}


def test_a_borrowed_number_is_valid_and_belongs_to_the_household(community, cells, ids):
    household = dict(zip(ids, community.people.household.tolist(), strict=True))
    for written, true in cells(HEALTH, "idCard", "number_of_relative", ids):
        assert written != true
        assert household[written] == household[true]


def test_wrong_credit_codes_fail_their_check(community, cells):
    true = community.enterprises.credit_code.to_pylist()
    for kind in ("number_mistyped", "number_transposed"):
        assert not any(uscc.is_valid(written) for written, _ in cells(ENTERPRISES, "UNISCID", kind, true))


def test_names_with_a_homophone_sound_the_same(community, careless, cells):
    sound = dict(zip(*community.reference.characters.select(["character", "pinyin"]).to_pydict().values(), strict=True))
    for written, true in cells(HEALTH, "name", "name_homophone", community.names.to_pylist()):
        if "?" not in written:
            assert differences(written, true) == [len(true) - 1]
            assert sound[written[-1]] == sound[true[-1]]


def test_names_with_a_lookalike_have_the_listed_one(community, cells):
    columns = community.reference.characters.select(["character", "lookalike"]).to_pydict().values()
    lookalike = dict(zip(*columns, strict=True))
    for written, true in cells(HEALTH, "name", "name_lookalike", community.names.to_pylist()):
        if "?" not in written:
            assert written == true[:-1] + lookalike[true[-1]]


def test_rare_characters_become_question_marks(written, street):
    records = written[HEALTH]
    marks = [mark.rows for mark in records.marks if mark.kind == "name_question_mark"]
    rows = np.flatnonzero(marks[0]).tolist()
    names = dict(zip(street.person_id.to_pylist(), street.names.to_pylist(), strict=True))
    wrote = records.table["name"].to_pylist()
    for row in rows:
        true = names[records.entity_id[row].as_py()]
        assert "?" in wrote[row]
        for a, b in zip(wrote[row], true, strict=True):
            assert a != "?" or not b.encode("gb2312", "ignore")


def test_default_birth_dates_are_the_first_of_january(community, cells):
    true = community.people.birth.astype("datetime64[D]").astype(str).tolist()
    for written, born in cells(HEALTH, "birthday", "birth_date_default", true):
        assert written in {f"{born[:4]}-01-01", "1985-02-30", "1979-13-01"}


def test_old_telephones_are_the_ones_before(community, cells):
    for written, previous in cells(PENSION, "手机", "phone_old", community.people.previous_phone.to_pylist()):
        assert written in {previous, ""}


def test_stale_addresses_are_of_the_dwelling_before(community, careless):
    records = careless[REGISTER]
    stale = next(mark.rows for mark in records.marks if mark.kind == "address_stale")
    homes = community.homes.standard().to_pylist()
    before = dict(zip(community.person_id.to_pylist(), community.previous_dwelling.tolist(), strict=True))
    wrote, whose = records.table["hkdz"].to_pylist(), records.entity_id.to_pylist()
    assert all(wrote[row] in {homes[before[whose[row]]], None} for row in np.flatnonzero(stale).tolist())


def test_address_variants_stand_for_the_same_dwelling(community, careless):
    """Without head, with 号楼 or 栋, without 室: what is left is one of the street's dwellings."""
    known = {re.sub(f"^{HEAD}(..街道|...街道)?", "", each) for each in community.homes.standard().to_pylist()}
    old = next(mark.rows for mark in careless[HEALTH].marks if mark.kind == "address_old_name")
    values = careless[HEALTH].table["presentAddress"].to_pylist()
    wrote = [each for each, is_old in zip(values, old, strict=True) if each and not is_old]
    shapes = {
        "head": sum(each.startswith(HEAD) for each in wrote),
        "bare": sum(not each.startswith(HEAD) for each in wrote),
        "号楼": sum("号楼" in each for each in wrote),
        "栋": sum("栋" in each for each in wrote),
        "no 室": sum("幢" in each and not each.endswith("室") for each in wrote),
    }
    assert all(count > 20 for count in shapes.values()), shapes
    for each in wrote:
        plain = re.sub(r"^(江苏省)?(南通市)?(崇川区)?(虹桥街道|任港街道|新城桥街道)?", "", each)
        plain = re.sub("号楼|栋", "幢", plain)
        assert plain in known or f"{plain}室" in known


def test_name_variants_of_enterprises_keep_their_brand(community, cells):
    for written, true in cells(LICENCES, "subject", "enterprise_name_variant", community.enterprises.name.to_pylist()):
        core = re.sub("^(南通市崇川区|南通崇川|南通市|南通|崇川区|江苏)", "", true)
        assert core in written or written == true.replace("有限公司", "有限责任公司")


def test_double_registrations_have_keys_of_their_own(careless):
    for system, key in ((REGISTER, "rybh"), (HEALTH, "archiveNo"), (PENSION, "个人编号"), (LICENCES, "licence_no")):
        records = careless[system]
        keys = records.table[key].to_pylist()
        assert len(set(keys)) == len(keys)
        again = next(mark.rows for mark in records.marks if mark.kind == "registered_twice")
        assert len(pc.unique(records.entity_id)) <= len(keys) - again.sum()


def test_the_dead_are_listed_without_a_date(community, careless):
    records = careless[REGISTER]
    unnoted = next(mark.rows for mark in records.marks if mark.kind == "dead_still_listed")
    noted = records.table["swrq"].is_valid().to_numpy()
    dead = dict(zip(community.person_id.to_pylist(), (~community.is_alive).tolist(), strict=True))
    is_dead = np.array([dead[person] for person in records.entity_id.to_pylist()])
    assert (is_dead == (noted | unnoted)).all()


def test_rubbish_is_rubbish(careless):
    amounts = [each for each in careless[ALLOWANCE].table["月保障金额"].to_pylist() if not each.isdigit()]
    assert set(amounts) <= {"4l0", "约600"}
    assert amounts
    genders = set(careless[HEALTH].table["gender"].to_pylist())
    assert genders & {"X", "3"}
    assert genders <= {"M", "F", "U", "X", "3"}
    assert {"19850231", "19791301"} & set(careless[REGISTER].table["csrq"].to_pylist())
    assert {"12O0.00", "l850.50"} & set(careless[PENSION].table["月养老金"].to_pylist())
