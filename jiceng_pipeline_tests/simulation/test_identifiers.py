"""Numbers hold against independent validators."""

import numpy as np
import pytest
from id_validator import validator
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from jiceng_pipeline.simulation import identifiers
from jiceng_pipeline.simulation.chance import stream


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


def test_a_day_holds_a_limited_number_of_births():
    count = identifiers.SERIALS + 1
    day, everyone = np.full(count, np.datetime64("2000-01-01")), np.ones(count, bool)
    area, rng = np.full(count, 320602), stream(1, "test")
    assert len(set(identifiers.citizen_ids(area[1:], day[1:], everyone[1:], rng).to_pylist())) == count - 1
    with pytest.raises(ValueError, match="births"):
        identifiers.citizen_ids(area, day, everyone, rng)


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


def test_unique_numbers_are_unique_and_in_no_order():
    from jiceng_pipeline.simulation.chance import unique_numbers

    numbers = unique_numbers(stream(3, "test"), 900, 0, 1000)
    assert len(set(numbers.tolist())) == 900
    assert abs(np.corrcoef(numbers, np.arange(900))[0, 1]) < 0.1
