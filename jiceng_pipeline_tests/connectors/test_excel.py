import datetime as dt

import openpyxl
import pytest
import xlsxwriter

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken

HEADER = ["序号", "低保证号", "姓名", "身份证号", "金额"]
OPTIONS = {
    "file": "低保对象台账.xlsx",
    "sheets": "every",
    "sheet_column": "乡镇街道",
    "header_contains": ["低保证号", "姓名"],
    "end_rows": ["合计", "制表人"],
}


class Book:
    """A workbook as an office keeps it; `add` writes a sheet with title rows above the header."""

    def __init__(self, folder, name="低保对象台账.xlsx"):
        self._book = xlsxwriter.Workbook(str(folder / name), {"constant_memory": False})
        self.day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._book.close()

    def add(self, name, rows, header=HEADER, top=2):
        sheet = self._book.add_worksheet(name)
        for row in range(top):
            sheet.merge_range(row, 0, row, max(1, len(header) - 1), "城乡低保对象台账（姓名、低保证号见下）")
        for place, title in enumerate(header):
            sheet.write_string(top, place, title)
        for row, cells in enumerate(rows, top + 1):
            for column, value in enumerate(cells):
                self.put(sheet, row, column, value)
        return sheet

    def put(self, sheet, row, column, value):
        """Write a value as Excel would hold it."""
        if isinstance(value, str):
            sheet.write_string(row, column, value)
        elif isinstance(value, dt.datetime):
            sheet.write_datetime(row, column, value, self.moment if value.hour else self.day)
        elif value is not None:
            sheet.write(row, column, value)


def person(number, name="王小二", card="320602195001011234", amount=450.5):
    return [str(number), f"DB{number:04d}", name, card, amount]


def read(folder, columns=(*HEADER, "乡镇街道"), renames=None, **options):
    return taken("excel", list(columns), {**OPTIONS, **options}, {"folder": str(folder)}, renames)


def test_every_sheet_is_a_township_below_its_titles(tmp_path):
    with Book(tmp_path) as book:
        book.add("虹桥街道", [person(1), person(2, "𠮷䶮")])
        book.add("和平桥街道", [person(3)], top=0)
        book.add("空表", [], header=[], top=0)
    found = extract("excel", [*HEADER, "乡镇街道"], OPTIONS, {"folder": str(tmp_path)})
    files = [batch["_file"][0].as_py() for batch in found.batches]
    assert files == ["低保对象台账.xlsx#虹桥街道", "低保对象台账.xlsx#和平桥街道"]
    rows, found = read(tmp_path)
    assert rows == [
        (4, "1", "DB0001", "王小二", "320602195001011234", "450.5", "虹桥街道"),
        (5, "2", "DB0002", "𠮷䶮", "320602195001011234", "450.5", "虹桥街道"),
        (2, "3", "DB0003", "王小二", "320602195001011234", "450.5", "和平桥街道"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (450, "450"),
        (450.55, "450.55"),
        (-3, "-3"),
        (0.1, "0.1"),
        (123456789012345, "123456789012345"),
        (320602195001011234, "3.206021950010113e+17"),
        (dt.datetime(2024, 5, 1), "2024-05-01"),
        (dt.datetime(2024, 5, 1, 8, 30), "2024-05-01 08:30:00"),
        (True, "TRUE"),
        ("2023.05", "2023.05"),
        ("  王 小二 ", "  王 小二 "),
        ("=1+1", "=1+1"),
        (None, ""),
    ],
)
def test_a_cell_is_the_text_a_person_sees(tmp_path, value, text):
    with Book(tmp_path) as book:
        book.add("s", [["1", "DB1", "王", value, "x"]])
    assert read(tmp_path)[0][0][4] == text


def test_a_header_of_two_rows_is_joined(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "册.xlsx"))
    sheet = book.add_worksheet("一小")
    sheet.merge_range(0, 0, 0, 4, "学生花名册")
    sheet.merge_range(1, 0, 2, 0, "序号")
    sheet.merge_range(1, 1, 1, 2, "学籍")
    sheet.merge_range(1, 3, 1, 4, "监护人")
    sheet.write_row(2, 1, ["学籍 号", "姓名", "姓名", "电话"])
    sheet.write_row(3, 0, ["1", "G1", "王小二", "王大", "13912345678"])
    book.close()
    names = ["序号", "学籍/学籍号", "学籍/姓名", "监护人/姓名", "监护人/电话"]
    options = {"file": "册.xlsx", "header_rows": 2, "header_contains": ["学籍/学籍号"]}
    rows, _ = taken("excel", names, options, {"folder": str(tmp_path)})
    assert rows == [(4, "1", "G1", "王小二", "王大", "13912345678")]
    with pytest.raises(SourceRejected, match="找不到表头"):
        taken("excel", names, {**options, "header_rows": 1}, {"folder": str(tmp_path)})


def test_totals_signatures_and_notes_below_are_no_data(tmp_path):
    below = [
        ["合 计", None, None, None, 901],
        ["制表人：李四", None, None, "审核人：赵五", None],
        ["注：1. 本表一式三份", None, None, None, None],
    ]
    with Book(tmp_path) as book:
        book.add("s", [person(1), person(2), *below])
    rows, found = read(tmp_path)
    assert [row[0] for row in rows] == [4, 5]
    assert found.notes == {"footer_rows": "3"}


def test_people_added_below_the_total_are_not_lost(tmp_path):
    with Book(tmp_path) as book:
        book.add("s", [person(1), ["合计", None, None, None, 1], person(2)])
    assert [row[2] for row in read(tmp_path)[0]] == ["DB0001", "DB0002"]


def test_blank_rows_are_skipped_and_rows_keep_excels_numbers(tmp_path):
    with Book(tmp_path) as book:
        book.add("s", [person(1), [None] * 5, ["", "", "", "", ""], person(2)])
    assert [row[0] for row in read(tmp_path)[0]] == [4, 7]


def test_a_table_that_does_not_begin_in_the_corner(tmp_path):
    with Book(tmp_path) as book:
        sheet = book.add("s", [], header=[], top=0)
        for row, cells in enumerate([HEADER, person(1)], 5):
            for column, value in enumerate(cells, 2):
                book.put(sheet, row, column, value)
    assert read(tmp_path)[0] == [(7, "1", "DB0001", "王小二", "320602195001011234", "450.5", "s")]


def test_a_cell_merged_over_a_family_counts_for_each_member(tmp_path):
    with Book(tmp_path) as book:
        sheet = book.add("s", [person(1), ["2", None, "李四", "x", 1], ["3", None, "李五", "y", 1], person(4)])
        sheet.merge_range(3, 1, 5, 1, "DB0001")
    assert [row[2] for row in read(tmp_path)[0]] == ["DB0001", "DB0001", "DB0001", "DB0004"]


def test_line_breaks_in_a_header_do_not_matter(tmp_path):
    with Book(tmp_path) as book:
        book.add("s", [person(1)], header=["序号", "低保\n证号", "姓　名", " 身份证号 ", "金额"])
    assert len(read(tmp_path)[0]) == 1


def test_a_known_rename_is_mapped_also_for_finding_the_header(tmp_path):
    with Book(tmp_path) as book:
        book.add("s", [person(1)], header=["序号", "证号", "姓名", "公民身份号码", "金额"])
    rows, found = read(tmp_path, renames={"公民身份号码": "身份证号", "证号": "低保证号"})
    assert len(rows) == 1
    assert found.notes == {"renamed": "证号→低保证号、公民身份号码→身份证号"}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["序号", "低保证号", "姓名", "身份证号"], "缺少列 金额"),
        ([*HEADER, "银行卡号"], "多出列 银行卡号"),
        (["序号", "低保证号", "姓名", "证件号码", "金额"], "缺少列 身份证号；多出列 证件号码"),
        ([*HEADER, "姓名"], "重复列 姓名"),
        ([*HEADER, "乡镇街道"], "重复列 乡镇街道"),
        (["序号", "证号", "姓名", "身份证号", "金额"], "找不到表头"),
    ],
)
def test_a_changed_header_is_refused_by_name(tmp_path, header, words):
    with Book(tmp_path) as book:
        book.add("虹桥街道", [person(1)], header=header)
    with pytest.raises(SourceRejected, match=words) as caught:
        read(tmp_path)
    assert caught.value.where == "低保对象台账.xlsx#虹桥街道"


def test_a_lost_header_does_not_show_the_data(tmp_path):
    with Book(tmp_path) as book:
        book.add("s", [person(1)], header=["低保证号", "姓名", "陈canary", "320602195001011234", "x"], top=0)
    with pytest.raises(SourceRejected, match="缺少列") as caught:
        read(tmp_path)
    assert "canary" not in str(caught.value)
    assert "1950" not in str(caught.value)


def test_text_in_a_column_without_a_name_is_refused(tmp_path):
    with Book(tmp_path) as book:
        book.add("s", [[*person(1), "  "], [*person(2), None, "另有隐情"]])
    with pytest.raises(SourceRejected, match="第 G 列没有表头") as caught:
        read(tmp_path)
    assert "隐情" not in str(caught.value)


def test_a_hidden_sheet_of_drop_down_lists_is_passed_over(tmp_path):
    with Book(tmp_path) as book:
        book.add("虹桥街道", [person(1)])
        book.add("字典", [["城市"], ["农村"]], header=["类别"], top=0).hide()
    rows, found = read(tmp_path)
    assert len(rows) == 1
    assert found.notes == {"hidden_sheets": "字典"}


def test_sheets_can_be_the_first_or_named(tmp_path):
    with Book(tmp_path) as book:
        book.add("甲", [person(1)])
        book.add("乙", [person(2)])
    assert [row[-1] for row in read(tmp_path, sheets="first")[0]] == ["甲"]
    assert [row[-1] for row in read(tmp_path, sheets=["乙"])[0]] == ["乙"]
    with pytest.raises(SourceRejected, match="没有工作表 丙"):
        read(tmp_path, sheets=["乙", "丙"])


def test_without_a_sheet_column(tmp_path):
    with Book(tmp_path) as book:
        book.add("甲", [person(1)])
    assert read(tmp_path, columns=HEADER, sheet_column=None)[0][0][1:] == (
        "1",
        "DB0001",
        "王小二",
        "320602195001011234",
        "450.5",
    )


def test_many_rows_come_in_batches(tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("s")
    sheet.append(["低保证号", "姓名"])
    for number in range(base.BATCH_ROWS + 10):
        sheet.append([str(number), "王"])
    book.save(tmp_path / "低保对象台账.xlsx")
    found = extract("excel", ["低保证号", "姓名"], {**OPTIONS, "sheet_column": None}, {"folder": str(tmp_path)})
    batches = list(found.batches)
    assert sum(batch.num_rows for batch in batches) == base.BATCH_ROWS + 10
    for batch in batches:
        assert batch["_row"].to_pylist() == [int(value) + 2 for value in batch["低保证号"].to_pylist()]


def test_no_file(tmp_path):
    with pytest.raises(SourceUnreachable, match="不存在"):
        read(tmp_path)


@pytest.mark.parametrize("wrong", [{"header_contains": []}, {"sheets": "all"}, {"sheet": "x"}])
def test_wrong_options_are_told(tmp_path, wrong):
    with pytest.raises(DefinitionError, match="（excel）"):
        read(tmp_path, **wrong)


def test_a_folder_of_workbooks_is_read_as_one(tmp_path):
    with Book(tmp_path, "台账_320614.xlsx") as book:
        book.add("常乐镇", [person(2)])
    with Book(tmp_path, "台账_320613.xlsx") as book:
        book.add("虹桥街道", [person(1)])
    found, options = [*HEADER, "乡镇街道"], {**OPTIONS, "file": None, "files": "台账_*.xlsx"}
    batches = list(extract("excel", found, options, {"folder": str(tmp_path)}).batches)
    assert [batch["_file"][0].as_py() for batch in batches] == ["台账_320613.xlsx#虹桥街道", "台账_320614.xlsx#常乐镇"]


@pytest.mark.parametrize("places", [{"file": None}, {"files": "*.xlsx"}])
def test_either_a_file_or_a_pattern_is_named(tmp_path, places):
    with pytest.raises(DefinitionError, match="其中一个"):
        read(tmp_path, **places)
