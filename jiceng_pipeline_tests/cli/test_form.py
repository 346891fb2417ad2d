"""`jiceng form` as a person types it: nothing is sent that is not on the list, and every answer says what to do."""

import json

import pytest

from jiceng_pipeline.forms.definition import DEFINITIONS, forms
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

FORM = "subsistence_review"


@pytest.fixture
def community(synced_copy):
    version = publish.find(synced_copy)
    with connect(version.database, settings=synced_copy, read_only=True) as connection:
        return connection.execute(
            "select community_code from returned.resident_register group by 1 order by count(*) desc, 1 limit 1"
        ).fetchone()[0]


def test_from_the_list_to_a_file(jiceng, community, tmp_path):
    make = ("form", "make", FORM, "--community", community, "--to", str(tmp_path), "--json")
    code, _, said = jiceng(*make)
    assert code == 2
    assert f"jiceng form admit {FORM}" in said
    assert jiceng("form", "admit", FORM)[0] == 0
    code, told, _ = jiceng("form", "list", "--json")
    states = {each["form"]: each["state"] for each in json.loads(told)}
    assert states.pop(FORM) == "admitted"
    assert set(states.values()) == {"none"}
    code, told, _ = jiceng(*make)
    assert code == 0
    (file,) = json.loads(told)
    assert file["rows"] > 0
    assert [each.name for each in tmp_path.glob("*.xlsx")] == [file["file"].rpartition("/")[2]]
    assert jiceng("form", "admit", FORM, "--withdraw", "--reason", "并入别的表")[0] == 0
    assert jiceng(*make)[0] == 2
    assert jiceng("form", "admit")[0] == 2
    assert jiceng("form", "admit", "--all")[0] == 0
    code, told, _ = jiceng("form", "list", "--json")
    states = {each["form"]: each["state"] for each in json.loads(told)}
    assert states.pop(FORM) == "withdrawn", "somebody took it off: that stands"
    assert set(states.values()) == {"admitted"}


def test_a_stranger_gets_nothing(jiceng, community, tmp_path):
    folder = tmp_path / "files"
    assert jiceng("form", "admit", FORM)[0] == 0
    code, _, said = jiceng("form", "make", FORM, "--community", community, "--as", "nobody", "--to", str(folder))
    assert code == 2
    assert "授权" in said
    assert not folder.exists()


def test_lint_says_which_form_is_wrong_and_how_to_mend_it(jiceng, tmp_path):
    assert jiceng("form", "lint")[0] == 0
    folder = tmp_path / "civil_affairs"
    folder.mkdir()
    text = (DEFINITIONS / "civil_affairs" / "elderly_allowance_check.yaml").read_text("utf-8")
    (folder / "again.yaml").write_text(text.replace("element: phone}", "element: phone, asked: true}"), "utf-8")
    code, told, _ = jiceng("form", "lint", str(folder / "again.yaml"), "--json")
    assert code == 2
    assert any("重复采集" in each["what"] and each["cure"] for each in json.loads(told))


def test_show_compile_and_burden_answer(jiceng):
    code, told, _ = jiceng("form", "show", FORM)
    assert code == 0
    assert "最低生活保障对象台账" in told
    code, told, _ = jiceng("form", "compile", str(forms()[FORM].template_file), "--json")
    assert code == 0
    assert json.loads(told)["alike"][0][0] == forms()[FORM].title
    code, told, _ = jiceng("form", "burden", "--json")
    assert code == 0
    assert {each["department"] for each in json.loads(told)} == {form.department for form in forms().values()}
