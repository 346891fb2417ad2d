"""Numbers hold against independent validators."""

import numpy as np
import pyarrow as pa
import pytest
from id_validator import validator
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from jiceng_pipeline.simulation import identifiers
from jiceng_pipeline.simulation.chance import permuted
from jiceng_pipeline.simulation.identifiers import HOME_AREA, NEAR_AREA, REACHES, Station


def some(values, count):
    """Return a few of many, evenly."""
    return values[:: max(1, len(values) // count)]


def test_citizen_ids_are_valid(street):
    ids = street.people.citizen_id.to_pylist()
    assert [each for each in some(ids, 80) if not validator.is_valid(each)] == []


def test_citizen_ids_are_different_and_say_birth_and_sex(street):
    ids = street.people.citizen_id.to_pylist()
    assert len(set(ids)) == len(ids)
    births = np.datetime_as_string(street.people.birth, unit="D")
    assert all(each[6:14] == birth.replace("-", "") for each, birth in zip(ids, births, strict=True))
    odd = np.array([int(each[16]) % 2 == 1 for each in ids])
    assert (odd == street.people.male).all()


def test_citizen_ids_begin_with_abolished_areas_too(street):
    prefixes = {each[:6] for each in street.people.citizen_id.to_pylist()}
    assert {"320602", "320611", "320613", "320624", "320684", "320683", "320625"} <= prefixes


def test_children_born_after_the_merger_have_the_new_area(street):
    young = street.people.birth >= np.datetime64("2020-01-01")
    prefixes = {each[:6] for each in np.array(street.people.citizen_id.to_pylist())[young]}
    assert "320613" in prefixes
    assert not prefixes & {"320602", "320611", "320684"}


DAY = np.datetime64("2000-01-01")


def given(count, reach, station, **options):
    """Return the numbers a station gives to boys born on one day in one area, and their birth dates."""
    boys, reach, area = np.ones(count, bool), np.full(count, reach), np.full(count, 320602)
    ids, birth = identifiers.citizen_ids(area, np.full(count, DAY), boys, reach, station, 1, **options)
    assert [each for each in some(ids.to_pylist(), 20) if not validator.is_valid(each)] == []
    assert [each[6:14] for each in ids.to_pylist()] == [str(each).replace("-", "") for each in birth]
    return set(ids.to_pylist()), birth


@pytest.mark.parametrize("reach", REACHES)
def test_a_station_gives_its_own_numbers_and_moves_births_where_a_day_is_full(reach):
    found = set()
    for office in range(4):
        ids, birth = given(200, reach, Station(office // 2, 2, office, 4) if reach else Station(office, 4, office, 4))
        assert len(ids) == 200
        assert not found & ids
        assert DAY - 10 <= birth.min() < birth.max() == DAY
        found |= ids


@pytest.mark.parametrize("reach", REACHES)
def test_who_comes_later_gets_numbers_that_were_kept(reach):
    station = Station(1, 3, 4, 9)
    first, _ = given(30, reach, station)
    later, _ = given(30, reach, station, later=True)
    again, _ = given(30, reach, station, later=True, given=pa.array(sorted(later | first)))
    assert len(first | later | again) == 90


def test_local_numbers_of_strangers_are_not_those_of_the_district():
    at_home, _ = given(300, HOME_AREA, Station(0, 1, 0, 2))
    elsewhere, _ = given(300, NEAR_AREA, Station(0, 1, 1, 2))
    assert not at_home & elsewhere


def test_credit_codes_are_valid_and_different(street):
    codes = street.enterprises.credit_code.to_pylist()
    assert [code for code in codes if not uscc.is_valid(code)] == []
    assert len(set(codes)) == len(codes)
    assert {code[1] for code in codes} == {"1", "2", "3"}


def test_organisation_codes_close_with_their_own_check_character(street):
    """GB 11714: weights 3 7 9 10 5 8 4 2, 11 minus the sum mod 11, X for ten."""
    for code in some(street.enterprises.credit_code.to_pylist(), 300):
        worth = [int(each, 36) for each in code[8:16]]
        check = 11 - sum(map(int.__mul__, worth, [3, 7, 9, 10, 5, 8, 4, 2])) % 11
        assert code[16] == {10: "X", 11: "0"}.get(check, str(check))


def test_licence_and_registration_numbers_close_with_a_check_digit(street, written):
    licences = written["market_supervision/food_licence"].table["licence_no"].to_pylist()
    assert all(each[:2] == "JY" and len(each) == 16 and mod_11_10.is_valid(each[2:]) for each in licences)
    assert {each[2] for each in licences} <= {"1", "2", "3"}
    numbers = street.enterprises.registration_number.to_pylist()
    assert all(len(each) == 15 and mod_11_10.is_valid(each) for each in some(numbers, 200))


def test_permuted_numbers_are_unique_and_in_no_order():
    parts = [permuted(np.arange(start, start + 300), 1000, 3, "test") for start in (0, 300, 600)]
    numbers = np.concatenate(parts)
    assert len(set(numbers.tolist())) == 900
    assert abs(np.corrcoef(numbers, np.arange(900))[0, 1]) < 0.1
