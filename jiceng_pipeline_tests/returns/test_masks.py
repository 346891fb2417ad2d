"""Masks: what each value looks like, and how little it still tells."""

from datetime import date, timedelta

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants, masks
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.standard.register import element, elements
from jiceng_pipeline.warehouse.connection import connect

from .conftest import HERE, RESIDENT, citizen_id, row, served_rows

BARE = {"none", "hidden"}


@pytest.fixture(scope="module")
def masked():
    """Return a function that masks one value of an element, as a package would."""
    with connect() as connection:

        def mask(element_id, value, profile="check"):
            each = element(element_id)
            sql = masks.masking(each, profile).sql("c")
            return connection.execute(
                f"select {sql} from (select cast(? as {each.sql_type}) as c)", [value]
            ).fetchall()[0][0]

        yield mask


SHOWN_AS = [
    ("name", "张小三", "张*三"),
    ("name", "张三", "张*"),
    ("name", "张", "*"),
    ("name", "张一二三", "张**三"),
    ("name", "欧阳修", "欧阳*"),
    ("name", "欧阳小三", "欧阳*三"),
    ("name", "欧阳", "欧*"),
    ("name", "𠮷野家", "𠮷*家"),
    ("name", "阿依古丽·买买提", "阿******提"),
    ("name", "JOHN SMITH", "J********H"),
    ("name", "", ""),
    ("citizen_id", "320602195001011234", "320602" + "*" * 12),
    ("citizen_id", "32060219500101123X", "320602" + "*" * 12),
    ("citizen_id", "320602500101123", "*" * 18),
    ("citizen_id", "护照E12345678", "*" * 18),
    ("phone", "13812345678", "138****5678"),
    ("phone", "051385123456", "0513********"),
    ("phone", "02512345678", "025********"),
    ("phone", "01012345678", "010********"),
    ("phone", "85123456", "*" * 11),
    ("registered_address", "南通市崇川区虹桥街道青年东路12号3幢201室", "南通市崇川区虹桥街道青年东路***"),
    ("registered_address", "虹桥街道虹桥社区青年东路", "虹桥街道虹桥社区青年东路"),
    ("registered_address", "虹桥村三组", "虹桥村***"),
    ("registered_address", "人民中路十二号", "人民中路***"),
    ("registered_address", "学田新村１２号", "学田新村***"),
    ("registered_address", "中南世纪城A座", "中南世纪城***"),
    ("registered_address", "人民路（近第一小学）\n3号", "人民路***"),
    ("registered_address", "二十一世纪花园3幢", "二十一世纪花园***"),
    ("birth_date", date(1950, 6, 1), 1950),
    ("pension_joined_date", date(2001, 2, 3), 2001),
    ("subsistence_category_code", "1", None),
    ("blood_type_code", "2", None),
    ("has_hypertension", True, None),
    ("subsistence_monthly_cny", 812.5, None),
    ("present_value", "13812345678", None),
    ("age_years", 76, None),
    ("sex_code", "1", "1"),
    ("enterprise_name", "南通虹桥小吃店", "南通虹桥小吃店"),
    (
        "source_systems",
        "civil_affairs/subsistence_allowance,market_supervision/food_licence,public_security/household_register",
        "market_supervision/food_licence,public_security/household_register",
    ),
    ("present_system", "civil_affairs/subsistence_allowance", None),
    ("system_count", 4, None),
    ("record_count", 4, None),
    ("changed_elements", "has_diabetes,phone,subsistence_category_code", "phone"),
    ("changed_elements", "subsistence_category_code", None),
]


@pytest.mark.parametrize(("element_id", "value", "shown"), SHOWN_AS)
def test_a_value_is_shown_so_in_check_and_as_it_is_in_full(masked, element_id, value, shown):
    assert masked(element_id, value) == shown
    assert masked(element_id, value, "full") == value


@pytest.mark.parametrize("each", elements().values(), ids=lambda e: e.id)
def test_null_stays_null_and_every_element_has_a_mask(masked, each):
    assert masked(each.id, None) is None
    if each.sensitivity == "sensitive":
        assert masks.masking(each, "check").words != masks.SHOWN.words
    if each.mask not in BARE:
        assert masks.masking(each, "check").words == masks.CHECK[each.mask].words


@pytest.mark.parametrize("name", ["statistics", "FULL", ""])
def test_rows_are_shown_in_no_other_profile(name):
    with pytest.raises(UsageError, match="check"):
        masks.of_rows(name)


def numbers_of(prefix, year, sex, count):
    """Return so many different valid numbers (GB 11643) of one place, year and sex, with their birth dates."""
    found = []
    for n in range(count):
        day = date(year, 1, 1) + timedelta(days=n * 7 % 365)
        sequence = 1 + (n * 13) % 499 * 2 if sex == "1" else 2 + (n * 13) % 499 * 2
        found.append((citizen_id(f"{prefix}{day:%Y%m%d}{sequence:03d}"), day))
    assert len(set(found)) == count
    return found


@pytest.mark.parametrize("sex", ["1", "2"])
def test_rows_of_600_different_numbers_look_the_same(settings, sex):
    """So whoever sees one row, prefix, year, sex and every other column, has as many candidates at least."""
    people = [
        row(RESIDENT, citizen_id=number, birth_date=day, sex_code=sex, resident_id=f"r{n}")
        for n, (number, day) in enumerate(numbers_of("320602", 1950, sex, 600))
    ]
    assert looks(settings, people) == 1


def looks(settings, people):
    """Return how many different rows their masked package has, their keys aside."""
    served_rows(settings, resident_register=people)
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    made = cut(settings, actor="operator", community=HERE, dataset="resident_register", format="parquet")
    assert made.rows == len(people)
    with connect() as connection:
        different = f"select distinct * exclude (resident_id) from '{made.path}'"
        return connection.execute(f"select count(*) from ({different})").fetchall()[0][0]


def test_who_draws_the_allowance_looks_like_who_does_not(settings):
    drawing = {
        "subsistence_category_code": "1", "subsistence_monthly_cny": 900, "system_count": 3,
        "source_systems": "civil_affairs/subsistence_allowance,public_security/household_register",
    }  # fmt: skip
    not_drawing = {**dict.fromkeys(drawing), "system_count": 1, "source_systems": "public_security/household_register"}
    assert (
        looks(settings, [row(RESIDENT, resident_id="r1", **drawing), row(RESIDENT, resident_id="r2", **not_drawing)])
        == 1
    )


def test_a_masked_phone_fits_ten_thousand(masked):
    shown = {masked("phone", f"138{middle:04d}5678") for middle in (0, 1234, 9999)}
    assert shown == {"138****5678"}


def test_every_column_a_community_gets_is_an_element_with_a_decided_mask(settings):
    for dataset in datasets.datasets(settings).values():
        for column, each in dataset.elements.items():
            assert each.title, column
            assert masks.masking(each, "check").words
