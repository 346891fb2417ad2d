"""An address comes apart into what every office means by it, however it writes it."""

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect

FLAT = {"street": "跃龙路", "door": "144", "estate": "虹桥东村", "block": "5", "unit": "2", "room": "202"}


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Return a function: the parts of an address that are there, divisions in front left out."""
    with connect(settings=Settings(home=tmp_path_factory.mktemp("apart"))) as connection:

        def parts(written):
            front, inside = connection.execute(
                """with plain as (select address_text(std_address(?)) as t),
                rest as (select address_head(t).rest as t from plain)
                select address_front_parts(address_front(t)), address_inside_parts(address_inside(t)) from rest""",
                [written],
            ).fetchall()[0]
            both = {name: front[name] + inside.get(name, "") for name in front}
            return {name: value for name, value in both.items() if value}

        yield parts


@pytest.mark.parametrize(
    "written",
    [
        "跃龙路144号虹桥东村5幢2单元202室",
        "江苏省南通市崇川区跃龙路144号虹桥东村5幢2单元202",
        "南通市崇川区跃龙路１４４号虹桥东村５号楼２单元２０２室",
        "跃龙路144号虹桥东村5#2-202",
        "跃龙路144号虹桥东村5栋-2-202户",
        "跃龙路 144 号 虹桥东村 5 幢 2 单元 2楼 202 室",
        "跃龙路一百四十四号虹桥东村五幢二单元二〇二室",
        "跃龙路144号，虹桥东村05幢02单元202房",
    ],
)
def test_a_flat_is_the_same_however_it_is_written(apart, written):
    found = apart(written)
    found.pop("floor", None)
    assert found == FLAT


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("长兴村3组12号", {"street": "长兴村", "village_group": "3", "door": "12"}),
        ("长兴村第三村民小组12号", {"street": "长兴村", "village_group": "3", "door": "12"}),
        ("长兴村二十三队12号", {"street": "长兴村", "village_group": "23", "door": "12"}),
        ("史家巷117号", {"street": "史家巷", "door": "117"}),
        ("工农路12号之一", {"street": "工农路", "door": "12-1"}),
        ("建设路96弄12号", {"street": "建设路96弄", "door": "12"}),
        ("八一路三号", {"street": "八一路", "door": "3"}),
        ("204国道12号", {"street": "204国道", "door": "12"}),
        ("冯旗杆巷18号", {"street": "冯旗杆巷", "door": "18"}),
        ("景德镇路12号", {"street": "景德镇路", "door": "12"}),
        ("虹桥街道工农路3号", {"township": "虹桥街道", "street": "工农路", "door": "3"}),
        ("狼山镇街道园林路7号", {"township": "狼山镇街道", "street": "园林路", "door": "7"}),
        ("五一新村二十三幢一单元三〇二室", {"estate": "五一新村", "block": "23", "unit": "1", "room": "302"}),
        ("阳光花园2期A座12楼", {"estate": "阳光花园2期", "block": "A", "floor": "12"}),
        ("姚港路18号208室", {"street": "姚港路", "door": "18", "room": "208"}),
    ],
)
def test_streets_lanes_villages_and_shops(apart, written, parts):
    assert apart(written) == parts


@pytest.mark.parametrize(
    ("written", "divisions"),
    [
        ("江苏省南通市崇川区工农路3号", ("江苏省", "南通市", "崇川区")),
        ("南通市启东市汇龙镇人民路3号", ("", "南通市", "启东市")),
        ("安徽省六安地区舒城县城关镇解放路207号", ("安徽省", "六安地区", "舒城县")),
        ("内蒙古自治区呼和浩特市新城区海拉尔路3号", ("内蒙古自治区", "呼和浩特市", "新城区")),
        ("工农路3号", ("", "", "")),
    ],
)
def test_what_stands_in_front(written, divisions, tmp_path):
    with connect(settings=Settings(home=tmp_path)) as connection:
        head = connection.execute("select address_head(?)", [written]).fetchall()[0][0]
    assert (head["province"], head["city"], head["county"]) == divisions


@pytest.mark.parametrize("number", [*range(1, 131), 200, 305, 999])
def test_chinese_numerals_are_numbers(number, tmp_path_factory, numerals):
    assert numerals(_han(number)) == str(number)


@pytest.mark.parametrize("digits", ["九" * 9 + "百", "九" * 9 + "十九"])
def test_a_numeral_longer_than_any_number_stops_nobody(apart, numerals, digits):
    assert numerals(digits).startswith("9" * 9)
    assert apart(f"跃龙路{digits}号")["street"].startswith("跃龙路")


@pytest.fixture(scope="module")
def numerals(tmp_path_factory):
    with connect(settings=Settings(home=tmp_path_factory.mktemp("numerals"))) as connection:
        yield lambda text: connection.execute("select han_number(?)", [text]).fetchall()[0][0]


def _han(number):
    signs = "〇一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    front = f"{signs[hundreds]}百" if hundreds else ""
    if tens:
        front += ("" if tens == 1 and not hundreds else signs[tens]) + "十"
    elif hundreds and ones:
        front += "零"
    return front + (signs[ones] if ones else "")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12345678-8", "123456788"),
        ("91320602MA1234567", None),
        ("00000000-0", None),
        ("12345678-5", None),
        ("D2143569-X", "D2143569X"),
    ],
)
def test_an_organisation_code_has_a_check_sign(typed, code, tmp_path):
    with connect(settings=Settings(home=tmp_path)) as connection:
        assert connection.execute("select organisation_code(?)", [typed]).fetchall() == [(code,)]
