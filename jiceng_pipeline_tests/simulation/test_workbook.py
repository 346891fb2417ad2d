"""Workbooks open in plain libraries and hold what was written."""

from datetime import date

import openpyxl
import pyarrow as pa
import python_calamine

from jiceng_pipeline.simulation import workbook

ROWS = pa.table(
    {"名称": ["A&B <一> 店", " 前后有空格 ", "", None], "电话": ["13812345678", "0513-85512345", "12e", "3.2e+17"]}
)


def written(path):
    with workbook.written(path, date(2026, 11, 24), "科") as book:
        with book.sheet("第一 & 二") as sheet:
            sheet.merged.append(workbook.area(0, 0, 0, 1))
            sheet.line(["标题", None], workbook.TITLE)
            sheet.table(ROWS, ["电话"])
            sheet.line(["合计", 5])
        with book.sheet("空") as sheet:
            sheet.table(ROWS.slice(0, 0))
    return path


def test_texts_stay_texts_and_numbers_become_numbers(tmp_path):
    book = openpyxl.load_workbook(written(tmp_path / "x.xlsx"))
    first = book["第一 & 二"]
    assert {str(each) for each in first.merged_cells.ranges} == {"A1:B1"}
    assert [tuple(cell.value for cell in row) for row in first] == [
        ("标题", None),
        ("A&B <一> 店", 13812345678),
        (" 前后有空格 ", "0513-85512345"),
        (None, "12e"),
        (None, 3.2e17),
        ("合计", 5),
    ]
    assert book.sheetnames == ["第一 & 二", "空"]
    assert book.properties.creator == "科"


def test_another_reader_finds_the_same(tmp_path):
    with python_calamine.CalamineWorkbook.from_path(written(tmp_path / "x.xlsx")) as book:
        rows = book.get_sheet_by_name("第一 & 二").to_python()
    assert rows[1:3] == [["A&B <一> 店", 13812345678.0], [" 前后有空格 ", "0513-85512345"]]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    one, other = written(tmp_path / "one.xlsx"), written(tmp_path / "other.xlsx")
    assert one.read_bytes() == other.read_bytes()
