"""A department's blank form is read column by column; asking for what is held shows, and what only looks alike too."""

import zipfile

import openpyxl
import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import compiler
from jiceng_pipeline.forms.definition import find, forms
from jiceng_pipeline.forms.headings import Match, matches
from jiceng_pipeline.forms.verdict import Held, judge


@pytest.fixture
def blank(tmp_path):
    """Return a function that writes a blank form with a title, a note, groups above and headings."""

    def write(headings, groups=()):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(["某某区重点人群关爱服务情况统计表"])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=max(len(headings), 2))
        sheet.append(["填报单位："])
        for first, last, words in groups:
            sheet.cell(3, first, words)
            if last > first:
                sheet.merge_cells(start_row=3, start_column=first, end_row=3, end_column=last)
        for column, heading in enumerate(headings, start=1):
            if heading:
                sheet.cell(4 if groups else 3, column, heading)
        book.save(tmp_path / "blank.xlsx")
        return tmp_path / "blank.xlsx"

    return write


HEADINGS = {
    "序号": None,
    "姓 名": ("name", "fresh"),
    "性憋": ("sex_code", "fresh"),
    "身份证号码": ("citizen_id", "fresh"),
    "出生年月": ("birth_date", "fresh"),
    "联系方式": ("phone", "fresh"),
    "家庭详细住址": ("dwelling_address", "fresh"),
    "是否低保（户）": None,
    "残疾等级*": ("disability_grade_code", "fresh"),
    "名族": None,
    "走访日期": ("visit_date", "collect"),
    "服务需求": ("care_need_code", "collect"),
    "家庭存款（万元）": (None, "collect"),
    "配偶姓名": ("name", "other"),
}


def test_every_column_gets_its_element_and_a_verdict(blank, tmp_path):
    found = compiler.compile_file(Settings(home=tmp_path), blank(list(HEADINGS)))
    assert found.title == "某某区重点人群关爱服务情况统计表"
    told = {each.heading: each for each in found.columns}
    assert "序号" not in told
    for heading, expected in HEADINGS.items():
        if expected:
            each = told[" ".join(heading.split())]
            assert (each.match.element if each.match else None, each.verdict) == expected, heading
            assert each.words
    assert 40 <= found.score <= 70


def test_a_header_of_two_rows_is_read_to_its_lowest_words(blank, tmp_path):
    path = blank(["", "姓名", "性别", "号码", ""], [(1, 1, "序号"), (2, 4, "基本情况"), (5, 5, "联系电话")])
    found = compiler.compile_file(Settings(home=tmp_path), path)
    assert [each.heading for each in found.columns] == ["姓名", "性别", "号码", "联系电话"]


@pytest.mark.parametrize("form", [form.id for form in forms().values() if form.template])
def test_our_own_templates_are_read_back_to_their_form(tmp_path, form):
    defined = find(form)
    found = compiler.compile_file(Settings(home=tmp_path), defined.template_file)
    own = {each.element for each in defined.columns}
    assert {each.match.element for each in found.columns if each.match} == own
    assert found.alike[0] == (defined.title, 1.0)


@pytest.mark.parametrize(("stale", "wanted"), [(10, "fresh"), (30, "verify")])
def test_what_is_mostly_out_of_date_has_to_be_looked_at(stale, wanted):
    match = Match("last_follow_up_date", 0.95, "别名")
    verdict, words = judge("上次随访", match, {"last_follow_up_date": Held(100, stale)})
    assert verdict == wanted
    assert "居民健康档案" in words


def test_what_a_community_collected_is_not_collected_again():
    match = Match("care_need_code", 1.0, "名称相同")
    assert judge("照护需求", match, None)[0] == "collect"
    assert judge("照护需求", match, {"care_need_code": Held(40, 0)})[0] == "fresh"


def test_a_published_version_says_what_is_held(listed, blank):
    found = compiler.compile_file(listed, blank(["姓名", "身份证号码", "民族"]))
    assert [each.verdict for each in found.columns] == ["fresh"] * 3
    assert found.score == 100


@pytest.mark.parametrize(
    ("headings", "meant"),
    [
        (["企业名称", "统一社会信用代码", "地址", "电话"], "business_address"),
        (["姓名", "性别", "地址", "电话"], "dwelling_address"),
    ],
)
def test_one_word_means_what_the_others_are_about(headings, meant):
    assert matches([*headings])[2].element == meant


def test_a_file_without_a_header_says_so(blank, tmp_path):
    with pytest.raises(UsageError, match="找不到表头"):
        compiler.compile_file(Settings(home=tmp_path), blank(["天气", "心情"]))


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (200 << 20))
    with pytest.raises(UsageError):
        compiler.compile_file(Settings(home=tmp_path), path)
