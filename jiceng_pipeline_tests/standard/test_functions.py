"""The SQL functions, value by value and against independent references."""

import random
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from id_validator import validator
from stdnum.cn import uscc

from jiceng_pipeline.standard import functions
from jiceng_pipeline.standard.identifiers import CREDIT_SIGNS, citizen_check_sign, credit_check_sign
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture(scope="module")
def sql():
    with connect() as connection:
        yield lambda expression, *values: connection.execute(f"select {expression}", list(values)).fetchall()[0][0]


@pytest.mark.parametrize(
    ("function", "text", "standard"),
    [
        ("std_text", " 无 ", None),
        ("std_text", "Ａ１\u3000", "A1"),
        ("std_name", " 王 芳 ", "王芳"),
        ("std_name", "买买提•吐尔逊", "买买提·吐尔逊"),
        ("std_name", "买买提．吐尔逊", "买买提·吐尔逊"),
        ("std_name", "买买提⋅吐尔逊", "买买提·吐尔逊"),
        ("std_name", "买买提﹒吐尔逊", "买买提·吐尔逊"),
        ("std_name", "王建国(已故)", "王建国"),
        ("std_name", "王 芳（ 户主 ）（女）", "王芳"),
        ("std_name", "王建国【曾用名：王小国】", "王建国"),
        ("std_name", "王建国(王小国)", "王建国(王小国)"),
        ("std_name", "王建国(故乡)", "王建国(故乡)"),
        ("std_name", "（已迁出）", None),
        ("std_name", "john  smith", "JOHN SMITH"),
        ("std_name", "𠮷\u200b䶮", "𠮷䶮"),
        ("std_phone", "+86 138-1234-5678", "13812345678"),
        ("std_phone", "８５５１２３４５", "051385512345"),
        ("std_phone", "(0513)85512345", "051385512345"),
        ("std_phone", "13800000000", None),
        ("std_phone", "18888888888", None),
        ("std_phone", "1381234567", None),
        ("std_phone", "013812345678", "13812345678"),
        ("std_phone", "0086-013812345678", "13812345678"),
        ("std_phone", "01381234567", None),
        ("std_phone", "+86-513-85512345", "051385512345"),
        ("std_phone", "0086 0513 85512345", "051385512345"),
        ("std_phone", "86 10 62345678", "01062345678"),
        ("std_phone", "021-5123456", "0215123456"),
        ("std_phone", "0000000000", None),
        ("std_phone", "0513-00000000", None),
        ("std_phone", "0513-11111111", None),
        ("std_address", "学田路12号3栋2单元501室", "学田路12号3幢2单元501室"),
        ("std_address", "学田路12号３＃501房", "学田路12号3幢501室"),
        ("address_key", "江苏省南通市崇川区虹桥街道虹桥社区学田路12号3幢2单元501室", "学田路12-3-2-501"),
        ("address_key", "学田路12号3幢2单元501", "学田路12-3-2-501"),
        ("address_key", "江苏省南通市海门区常乐镇长兴村12组35号", "长兴村12-35"),
        ("address_key", "长兴村12组35号", "长兴村12-35"),
        ("address_key", "江苏省如东县掘港街道人民路3号", "人民路3"),
        ("address_key", "崇川区文峰社区居委会红星路3号", "红星路3"),
        ("address_key", "暂无", None),
        ("address_key", "南通市启东市启东经济开发区人民路3号", "人民路3"),
        ("address_key", "开发区小海街道人民路3号天安花园5幢1单元101", "人民路3-天安花园5-1-101"),
        ("std_date", "2023.05", date(2023, 5, 1)),
        ("std_date", "2023年5月6日", date(2023, 5, 6)),
        ("std_date", "20230506", date(2023, 5, 6)),
        ("std_date", "2026-11-20T08:00:00", date(2026, 11, 20)),
        ("std_date", "2024年3月 5日", date(2024, 3, 5)),
        ("std_date", "1990 年 5 月 14 日", date(1990, 5, 14)),
        ("std_date", "1990年5月4号 8时30分", date(1990, 5, 4)),
        ("std_date", "1990年5月4日 下午", date(1990, 5, 4)),
        ("std_date", "1990/5/4 12:00:00 AM", date(1990, 5, 4)),
        ("std_date", "19900504 080000", date(1990, 5, 4)),
        ("std_date", "1990-05-04 00:00:00.0", date(1990, 5, 4)),
        ("std_date", " 1990-05-04T16:00:00Z", date(1990, 5, 5)),
        ("std_date", "1990/5/4 16:00Z", None),
        ("std_date", "1950-03-05 农历", None),
        ("std_date", "2024-03-01 2025-02-28", None),
        ("std_date", "2024-03-01 至 2025-02-28", None),
        ("std_date", "2024-03-01 2025.02.28", None),
        ("std_date", "1990-05 14", None),
        ("std_date", "19500231", None),
        ("std_date", "0001-01-01", None),
        ("std_decimal", "1,234.5 元", Decimal("1234.50")),
        ("std_decimal", "八百", None),
        ("std_decimal", "-1,234,567.5", Decimal("-1234567.50")),
        ("std_decimal", "300,50", None),
        ("std_decimal", "300，1200", None),
        ("std_decimal", "1.234,56", None),
        ("std_decimal", "1,234,5", None),
        ("std_integer", "2,3", None),
        ("std_integer", "1，234.00", 1234),
        ("std_integer", "12.0", 12),
        ("std_boolean", "是", True),
        ("std_boolean", "0", False),
        ("std_boolean", "也许", None),
        ("std_boolean", "无", False),
        ("std_boolean", "T", True),
        ("std_boolean", "f", False),
        ("std_text", "男\t", "男"),
        ("std_text", "\t-\n", None),
        ("std_name", "\t", None),
        ("std_name", "nan", None),
        ("std_name", "——", None),
        ("std_name", "（空白）", None),
        ("std_name", "none", None),
        ("std_name", "#VALUE!", None),
        ("std_name", "(null)", None),
        ("std_address", "\\N", None),
        ("std_address", "#N/A", None),
        ("std_integer", "12.5", None),
        ("std_integer", "3.2E+17", None),
        ("std_integer", "+1,234", 1234),
        ("std_date", "1990-05-04\t", date(1990, 5, 4)),
        ("std_date", "1990-05-04T16:00:00.000Z", date(1990, 5, 5)),
        ("std_date", "1990-05-04T16:00Z", date(1990, 5, 5)),
        ("std_date", "1988-06-30 15:00:00+0000", date(1988, 7, 1)),  # clocks were an hour ahead that summer
        ("std_date", "1990-05-05 00:00:00+08", date(1990, 5, 5)),
        ("std_date", "1990-05-05T00:00:00 +08:00", date(1990, 5, 5)),
        ("std_timestamp", "2026-05-01T16:30:00Z", datetime(2026, 5, 2, 0, 30)),
        ("std_timestamp", "2026-05-02 00:30:00+08", datetime(2026, 5, 2, 0, 30)),
        ("std_timestamp", "2026-05-02 00:30", datetime(2026, 5, 2, 0, 30)),
        ("std_timestamp", "infinity", None),
    ],
)
def test_cleaning(sql, function, text, standard):
    assert sql(f"{function}(?)", text) == standard


@pytest.mark.parametrize("text", [" 无 ", "（Ａ）\t", "\u200b\u3000ｱ～　男", "\ufeff\u00a0－", ""])
def test_a_text_is_trimmed_alike_in_python_and_in_sql(sql, text):
    assert sql("trimmed(?)", text) == functions.trimmed(text)


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002X",
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        " 110105 19491231 002X",
        "11O105194912310O2X",
    ],
)
def test_citizen_id_as_people_type_it(sql, typed):
    assert sql("std_citizen_id(?)", typed) == "11010519491231002X"


def test_fifteen_digits_are_upgraded(sql):
    assert sql("std_citizen_id(?)", "110105491231002") == "11010519491231002X"


@pytest.mark.parametrize(
    "wrong",
    ["110105194912310021", "11010519491331002X", "3.2060219E+17", "320602195001011", "", None, "991105194912310026"],
)
def test_no_citizen_id(sql, wrong):
    assert sql("std_citizen_id(?)", wrong) is None


def test_citizen_id_agrees_with_an_independent_validator(sql):
    random.seed(1)
    numbers = []
    for _ in range(100):
        region = random.choice(("320602", "320611", "320613", "320684", "320621", "320681"))
        day = f"{random.randint(1930, 2020)}{random.randint(1, 13):02}{random.randint(1, 31):02}"
        stem = f"{region}{day}{random.randint(1, 999):03}"
        sign = citizen_check_sign(stem) if random.random() < 0.7 else random.choice("0123456789X")
        numbers.append(stem + sign)
    ours = sql("list_transform(?, lambda n: citizen_id_is_valid(n))", numbers)
    assert ours == [bool(validator.is_valid(number)) for number in numbers]


@pytest.mark.parametrize(
    ("text", "is_filler"),
    [
        ("0", True),
        ("00", True),
        ("999", True),
        ("1" * 15, True),
        ("12345678", True),
        ("12345678901", True),
        ("123456789012345678", True),
        ("8", False),
        ("88", False),
        ("123", False),
        ("123456788", False),
        ("01234567", False),
        ("320602555555555", False),
        ("", False),
        (None, False),
    ],
)
def test_a_filler_is_told_from_a_number(sql, text, is_filler):
    assert sql("is_filler(?)", text) is is_filler


@pytest.mark.parametrize("function", ["std_citizen_id", "std_credit_code", "typed_number", "typed_code"])
@pytest.mark.parametrize("typed", ["0" * 18, "1" * 15, "1" * 18, "123456789012345678", " ０００ 000000000000000"])
def test_a_filler_is_no_number(sql, function, typed):
    assert sql(f"{function}(?)", typed) is None


def test_a_number_whose_signs_repeat_is_one(sql):
    number = "32060219700101111" + citizen_check_sign("32060219700101111")
    code = "91111111111111111" + credit_check_sign("91111111111111111")
    assert sql("std_citizen_id(?)", number) == sql("typed_number(?)", number) == number
    assert sql("std_credit_code(?)", code) == sql("typed_code(?)", code) == code


def test_every_single_wrong_digit_is_found(sql):
    good = "32060219500101123" + citizen_check_sign("32060219500101123")
    wrong = [
        good[:position] + digit + good[position + 1 :]
        for position in range(18)
        for digit in "0123456789"
        if digit != good[position]
    ]
    assert sql("list_transform(?, lambda n: std_citizen_id(n))", wrong) == [None] * len(wrong)


def test_birth_date_and_sex_are_read_from_the_number(sql):
    assert sql("citizen_id_birth_date('11010519491231002X')") == date(1949, 12, 31)
    assert sql("citizen_id_sex_code('11010519491231002X')") == "2"
    assert sql("citizen_id_sex_code('110105194912310011')") == "1"


def test_no_number_says_nothing_of_birth_and_sex(sql):
    assert sql("citizen_id_birth_date(null)") is None
    assert sql("citizen_id_sex_code(null)") is None


def test_credit_code_agrees_with_an_independent_validator(sql):
    random.seed(2)
    codes = []
    for _ in range(300):
        stem = "91320602" + "".join(random.choices(CREDIT_SIGNS, k=9))
        sign = credit_check_sign(stem) if random.random() < 0.7 else random.choice(CREDIT_SIGNS)
        codes.append(stem + sign)
    ours = sql("list_transform(?, lambda n: credit_code_is_valid(n))", codes)
    assert ours == [code[-1] == uscc.calc_check_digit(code[:-1]) for code in codes]


_SIGN = st.sampled_from("0123456789王无芳路号楼栋座房室幢年月日元#./-:T xX１Ａ\u3000\u00a0\u200b\u180e\t\n")
_LIKE = {
    "std_text": r"[王芳无]{0,3}|N/?A|-{1,3}",
    "std_name": r"[王芳无空]{1,5}|无|暂无|John",
    "std_phone": r"1[3-9]([0-9]{9}|0{8}1|10{8}|8{9})",
    "std_address": r"(路[0-9]号)?[0-9](号楼|栋|座|#|幢)[0-9](房|室)?|无|空",
    "std_date": r"(18|19|20)[0-9]{2}-?[01][0-9]-?[0-3][0-9]([ T][0-9:.]{0,8})?",
    "std_decimal": r"[0-9]{1,17}(\.[0-9]{0,3})?元?",
    "std_citizen_id": r"(32|99|81)0[06]0[02](19|20)[0-9]{2}(0[1-9]|1[0-3])[0-3][0-9]{4}[0-9X]",
}


@pytest.mark.parametrize("function", _LIKE)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_is_seen_at_a_glance_is_what_careful_reading_finds(sql, function, data):
    """With a blank before it no text looks as it should, and all of them are read with care."""
    usual = st.from_regex(_LIKE[function], fullmatch=True)
    nearly = st.builds(lambda text, sign, at: text[:at] + sign + text[at:], usual, _SIGN, st.integers(0, 20))
    texts = data.draw(st.lists(usual | nearly, min_size=20, max_size=40))
    at_a_glance = sql(f"list_transform(?, lambda t: {function}(t))", texts)
    with_care = sql(f"list_transform(?, lambda t: {function}(' ' || t))", texts)
    assert at_a_glance == with_care
