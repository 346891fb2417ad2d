"""A package: the right rows, whole, in each format, saying what it is."""

import csv
from datetime import datetime

import openpyxl
import pytest

from jiceng_pipeline.core.errors import NothingPublished, UsageError
from jiceng_pipeline.returns import package
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect

from .conftest import HERE, NAMES, RESIDENT, citizen_id

ASK = {"actor": "operator", "community": HERE, "dataset": "resident_register"}
FULL = {**ASK, "profile": "full", "purpose": "高龄津贴核对"}


def sheet_rows(path):
    return [[cell.value for cell in line] for line in openpyxl.load_workbook(path).worksheets[0].iter_rows()]


def test_formats_are_the_files_there_are():
    assert package.kinds() == ("csv", "parquet", "xlsx", "zip")


def test_xlsx_has_the_communitys_rows_under_chinese_headers(served):
    made = cut(served, **FULL)
    header, *rows = sheet_rows(made.path)
    assert made.rows == len(rows) == 1
    assert header[:5] == ["所属社区代码", "所属社区", "人员标识", "户标识", "姓名"]
    said = dict(zip(header, rows[0], strict=True))
    assert said["公民身份号码"] == citizen_id()
    assert said["联系电话"] == "13812345678"
    assert said["出生日期"] == datetime(1950, 1, 1)
    assert (said["性别"], said["婚姻状况"], said["高血压管理对象"], said["糖尿病管理对象"]) == (
        "男性",
        "已婚",
        "是",
        "否",
    )
    assert said["月保障金额（元）"] == 812.5
    assert said["来源系统"].endswith("、常住人口登记（户籍）")


def test_ids_and_phones_are_text_cells_of_text_format(served):
    sheet = openpyxl.load_workbook(cut(served, **FULL).path).worksheets[0]
    typed = {cell.value: sheet.cell(2, cell.column) for cell in sheet[1]}
    for title in ("公民身份号码", "联系电话", "所属社区代码"):
        assert (typed[title].data_type, typed[title].number_format) == ("s", "@")
    assert typed["出生日期"].is_date
    assert typed["月保障金额（元）"].data_type == "n"


def test_the_sheet_is_ready_to_print(served):
    made = cut(served, **ASK)
    sheet = openpyxl.load_workbook(made.path).worksheets[0]
    assert sheet.title == "人员底册"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:X2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert made.receipt in sheet.oddFooter.left.text
    assert "共 &N 页" in sheet.oddFooter.right.text


def explained(path):
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[1] == "说明"
    return [[cell.value for cell in line if cell.value is not None] for line in book["说明"].iter_rows()]


def test_the_second_sheet_says_what_it_is_and_whence(served):
    made = cut(served, **FULL)
    lines = [line for line in explained(made.path) if line]
    assert lines[0] == [f"{NAMES[HERE]} 人员底册"]
    assert f"单位：虹桥街道{NAMES[HERE]} · 账号：operator · 时间：" in lines[1][0]
    assert lines[1][0].endswith(f"回执号：{made.receipt}")
    told = {line[0]: line[1:] for line in lines if len(line) > 1}
    assert told["本次用途"] == ["高龄津贴核对"]
    assert told["显示方式"] == ["完整"]
    assert told["版本"] == [made.version]
    assert told["数据截至"] == ["2026-11-24"]
    assert told["常住人口登记（户籍）"] == ["公安局 人口管理大队", "2026-11-20", "正常"]
    assert told["姓名"][:2] == [element("name").definition, told["姓名"][1]]
    assert told["姓名"][1].startswith("常住人口登记（户籍）、")
    assert "市场主体登记" not in str(told)
    stale = [line for line in lines if "上次没有按时送达，沿用旧数据" in line]
    assert len(stale) == 1


def test_the_dictionary_says_how_values_are_shown(served):
    told = {line[0]: line for line in explained(cut(served, **ASK).path) if len(line) > 1}
    assert told["显示方式"][1] == "核对（已遮盖）"
    assert told["公民身份号码"][-1] == "只留前六位"
    assert "格子是空的" in told["低保类别"][-1]


def test_csv_has_a_bom_crlf_and_quoted_text(served):
    made = cut(served, **FULL, format="csv")
    raw = made.path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2
    header, line = csv.reader(raw.decode("utf-8-sig").splitlines())
    said = dict(zip(header, line, strict=True))
    assert (said["公民身份号码"], said["出生日期"], said["性别"]) == (citizen_id(), "1950-01-01", "男性")
    assert f'"{citizen_id()}"'.encode() in raw


def test_parquet_keeps_codes_and_types_and_says_what_it_is(served):
    made = cut(served, **FULL, format="parquet")
    with connect() as connection:
        (said,) = connection.execute(f"from '{made.path}'").fetchall()
        names = [each[0] for each in connection.description]
        metadata = {
            bytes(key).decode(): bytes(value).decode()
            for key, value in connection.execute(
                f"select key, value from parquet_kv_metadata('{made.path}')"
            ).fetchall()
        }
    said = dict(zip(names, said, strict=True))
    assert {key: said[key] for key in ("sex_code", "birth_date", "citizen_id", "has_diabetes")} == {
        key: RESIDENT[key] for key in ("sex_code", "birth_date", "citizen_id", "has_diabetes")
    }
    assert (metadata["version"], metadata["dataset"], metadata["receipt"]) == (
        made.version, "resident_register", made.receipt,
    )  # fmt: skip
    assert "不得转发" in metadata["licence"]


def test_a_dataset_without_rows_for_the_community_is_an_empty_sheet(served):
    made = cut(served, **{**ASK, "dataset": "household_register"})
    assert made.rows == 0
    assert len(sheet_rows(made.path)) == 1


def test_dates_before_excels_calendar_are_text(served):
    header, line = sheet_rows(cut(served, **{**FULL, "dataset": "enterprise_register"}).path)
    assert dict(zip(header, line, strict=True))["成立日期"] == "1899-12-31"


def test_the_file_is_named_for_people_and_kept_from_others(served):
    made = cut(served, **ASK)
    assert made.path.name == f"虹桥社区居委会_人员底册_2026-11-24_v{made.version.rpartition('-')[2][:8]}.xlsx"
    assert made.path.parent == served.home / "returned" / HERE
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert "_完整信息.xlsx" in cut(served, **FULL).path.name
    assert len(list(made.path.parent.iterdir())) == 2


@pytest.mark.parametrize("format", package.kinds())
def test_a_folder_may_be_given(served, tmp_path, format):
    made = cut(served, **ASK, format=format, folder=tmp_path / "给村里" / "十一月")
    assert list((tmp_path / "给村里" / "十一月").iterdir()) == [made.path]
    assert made.path.stat().st_mode & 0o777 == 0o600


def test_a_community_may_be_named(served):
    assert cut(served, **{**ASK, "community": NAMES[HERE]}).community == HERE


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"community": "320613005999"}, "320613005"),
        ({"community": "虹桥社区居委"}, "虹桥社区居委会"),
        ({"community": "虹桥"}, "320613005001"),
        ({"community": "南桥社区居民委"}, "社区居委会"),
        ({"community": ""}, "十二位代码"),
        ({"dataset": "resident_registry"}, "resident_register"),
        ({"dataset": "../secret"}, "人员底册"),
        ({"format": "docx"}, "xlsx"),
        ({"profile": "statistics"}, "check"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(served, asked, named):
    with pytest.raises(UsageError) as caught:
        cut(served, **{**ASK, **asked})
    assert named in str(caught.value)
    assert caught.value.exit_code == 2


def test_before_the_first_version_there_is_nothing_to_return(settings):
    with pytest.raises(NothingPublished, match="jiceng sync"):
        cut(settings, **ASK)
