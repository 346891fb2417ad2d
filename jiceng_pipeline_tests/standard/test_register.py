"""The register of data elements and the code sets hold together."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.standard.code_sets import broader, code_sets, unsaid
from jiceng_pipeline.standard.register import element, elements
from jiceng_pipeline.warehouse.models import models


def test_every_coded_element_has_its_code_set():
    missing = [e.id for e in elements().values() if e.code_set and e.code_set not in code_sets()]
    assert not missing


def test_every_code_set_is_used():
    used = {e.code_set for e in elements().values()}
    assert set(code_sets()) <= used


@pytest.mark.parametrize("schema", ["governance", "returned"])
def test_every_published_column_is_a_data_element(schema):
    known = set(elements()) | {"township_name", "county_code", "county_name"}
    for model in models(Settings.load().sql_models).values():
        if model.schema == schema:
            assert set(model.columns) <= known, model.full_name


def test_contract_codes_are_codes_of_the_standard():
    for contract in contracts().values():
        for column, local in contract.codes.items():
            code_set = contract.elements[column].code_set
            assert code_set and set(local.values()) <= set(code_sets()[code_set]), (contract.name, column)


def test_an_unknown_element_is_refused_by_name():
    with pytest.raises(DefinitionError, match="favourite_colour"):
        element("favourite_colour")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n  name: x\n  titel: y\n", "titel"),
        ("a: {name: x}\na: {name: y}\n", "重复的键"),
        ("- 1\n", "键: 值"),
        ("a:\n  name: x\n  title: y\n  definition: z\n  type: text\n  sensitivity: personal\n", "mask"),
        ("a: {name: x, title: y, definition: z, type: date, pattern: '.', sensitivity: public}\n", "pattern"),
    ],
)
def test_a_broken_register_names_file_line_and_cure(tmp_path, text, said):
    page = tmp_path / "broken.yaml"
    page.write_text(text, "utf-8")
    with pytest.raises(DefinitionError, match=said) as raised:
        elements(tmp_path)
    assert "broken.yaml:" in str(raised.value)
    assert raised.value.cure


def test_a_code_set_may_say_which_code_says_less_of_the_same(tmp_path):
    (tmp_path / "kin.csv").write_text("code,name,broader\n10,配偶,\n11,夫,10\n20,子\n", "utf-8")
    assert code_sets(tmp_path) == {"kin": {"10": "配偶", "11": "夫", "20": "子"}}
    assert broader("kin", tmp_path) == {"11": "10"}
    assert unsaid("kin", tmp_path) == ()


def test_a_code_set_may_say_which_code_says_nothing(tmp_path):
    (tmp_path / "sex.csv").write_text("code,name,unsaid\n0,未知,yes\n1,男\n2,女,\n", "utf-8")
    (tmp_path / "kin.csv").write_text("code,name,broader,unsaid\n1,亲属,,\n2,兄,1,\n9,不详,,yes\n", "utf-8")
    assert code_sets(tmp_path)["sex"] == {"0": "未知", "1": "男", "2": "女"}
    assert (unsaid("sex", tmp_path), unsaid("kin", tmp_path)) == (("0",), ("9",))
    assert broader("kin", tmp_path) == {"2": "1"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "code,name"),
        ("code,title\n", 1, "code,name"),
        ("code,name\n10,配偶,\n", 2, "代码,名称"),
        ("code,name\n10,配偶\n10,妻\n", 3, "不重复"),
        ("code,name,broader\n10,配偶,\n11,夫,12\n", 3, "broader 没有代码 12"),
        ("code,name,unsaid\n10,配偶,\n11,夫,no\n", 3, "yes"),
    ],
)
def test_a_broken_code_set_names_file_line_and_cure(tmp_path, text, line, said):
    (tmp_path / "kin.csv").write_text(text, "utf-8")
    with pytest.raises(DefinitionError, match=said) as raised:
        code_sets(tmp_path)
    assert f"kin.csv:{line}" in str(raised.value)
    assert raised.value.cure
