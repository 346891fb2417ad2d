"""Fifteen ways in which a source changes without a word: each is mapped, stopped or quarantined, none believed.

Here are those of columns and of what stands in them; those of whole files are in `test_drift_of_files`.
"""

import pytest
import xlsxwriter

from jiceng_pipeline.landing import likeness
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline_tests.landing.believing import ALL, changed, mapped, on, renamed, stopped, swapped, without
from jiceng_pipeline_tests.landing.drifting import COLUMNS, people


@on(*ALL)
def test_a_column_is_added(held):
    held.write((*COLUMNS, "工资"), [(*row, "3200") for row in people()])
    stopped(held, "多出列 工资")


@on("xlsx", "jsonl")
def test_a_column_is_removed(held):
    header, *rows = without("电话")
    held.write(header, rows)
    stopped(held, "缺少列 电话")


@on("csv", "xlsx", "xml")
def test_a_column_has_a_known_other_name(held):
    held.write(renamed("证号", "公民身份号码"), people())
    mapped(held)


@on("sqlite", "jsonl", "xml")
def test_a_column_has_an_unknown_other_name(held):
    held.write(renamed("证号", "证件"), people())
    stopped(held, "缺少列 证号", "多出列 证件")


@on("csv", "xlsx", "sqlite")
def test_two_columns_change_places(held):
    order = [*COLUMNS[:1], *reversed(COLUMNS[1:])]
    held.write(order, [tuple(row[COLUMNS.index(name)] for name in order) for row in people()])
    mapped(held)


@pytest.mark.parametrize(("one", "other"), [("姓名", "证号"), ("姓名", "编号"), ("证号", "电话"), ("性别", "类别")])
@on("csv", "xlsx")
def test_two_columns_change_contents_under_their_old_names(held, one, other):
    held.write(COLUMNS, swapped(one, other))
    stopped(held, "一列的内容变了", "这次只有")


@pytest.mark.parametrize(
    ("before", "now"), [("000{}", "{}"), ("{}", "{}.0"), ("no-{}", "NO-{}"), ("{}", "０{}")], ids=range(4)
)
@on("csv", "xlsx")
def test_keys_lose_their_zeros(held, before, now):
    """All records would have ended and others begun, and with them what people decided of each."""

    def keys(written):
        return [(written.format(number + 1), *row[1:]) for number, row in enumerate(people())]

    held.write(COLUMNS, keys(before))
    assert held.pull().status == "landed", "keys of another kind are"
    held.write(COLUMNS, keys(now))
    stopped(held, "主键（编号）的写法变了")
    assert pull(held.contract, held.settings, allow_shrinking=True).status == "landed"


@pytest.mark.parametrize("column", ["证号", "电话", "社区"])
@on("csv", "xlsx", "jsonl")
def test_a_column_has_nothing_in_it_any_more(held, column):
    held.write(COLUMNS, changed(column, lambda _: ""))
    stopped(held, f"“{column}”一列空了：上次 100% 的行有内容，这次只有 0%")


@on("csv", "sqlite")
def test_a_column_of_which_half_is_left_out_is_believed(held):
    held.write(COLUMNS, changed("电话", lambda _: "", rows=20))
    assert held.pull().status == "landed"
    assert [row[3] for row in held.standard()[0]].count(None) == 20


@on("csv", "xml")
def test_ids_are_retyped_as_numbers(held):
    held.write(COLUMNS, changed("证号", lambda text: f"{float(text[:17] + '0'):.1E}"))
    stopped(held, "“证号”一列的内容变了")


@on("sqlite")
def test_of_many_rows_a_few_show_that_a_column_has_changed(held, monkeypatch):
    monkeypatch.setattr(likeness, "_SAMPLED_ABOVE", 10)
    monkeypatch.setattr(likeness, "_SAMPLED", 20)
    held.write(COLUMNS, changed("证号", lambda text: f"{float(text[:17] + '0'):.1E}"))
    stopped(held, "“证号”一列的内容变了")


@on("csv", "sqlite")
def test_some_ids_are_retyped_as_numbers(held):
    held.write(COLUMNS, changed("证号", lambda _: "3.2E+17", rows=3))
    assert held.pull().status == "landed"
    values, quarantined = held.standard()
    assert [row[1] for row in values].count(None) == 3
    assert quarantined == [("证号", "号码被表格软件变成了数值，末几位已经丢失", 3)]


@on("xlsx", "sqlite", "jsonl")
def test_texts_become_numbers_that_lose_nothing(held):
    held.write(COLUMNS, changed("电话", int))
    mapped(held)


@on("xlsx", "sqlite", "jsonl")
def test_ids_become_numbers_that_lose_their_end(held):
    held.write(COLUMNS, changed("证号", lambda text: float(text[:17] + "0")))
    stopped(held, "“证号”一列的内容变了")


@on("xlsx")
def test_the_header_moves_down_where_titles_may_stand_above(held):
    held.write(COLUMNS, people(), above=[("名册（2026年11月）",), ("填报单位：民政局",)])
    mapped(held)


@on("csv")
def test_the_header_moves_down_where_nothing_may_stand_above(held):
    held.write(COLUMNS, people())
    held.path.write_bytes("民政对象名册\r\n".encode("gb18030") + held.path.read_bytes())
    stopped(held, "缺少列")


@pytest.mark.parametrize(("factor", "times"), [(1 / 10_000, "小了约"), (100, "大了约 100 倍")], ids=["wan", "fen"])
@on("csv", "xlsx")
def test_a_unit_changes(held, factor, times):
    held.write(COLUMNS, changed("月保障金额", lambda text: f"{float(text) * factor:.2f}"))
    stopped(held, f"“月保障金额”的数普遍比上次{times}", "单位可能变了")


@on("csv", "sqlite")
def test_amounts_that_rise_are_believed(held):
    rows = changed("月保障金额", lambda text: f"{float(text) * 2:.2f}")
    held.write(COLUMNS, rows)
    mapped(held, rows)


@on("sqlite", "jsonl")
@pytest.mark.parametrize(("code", "told"), [("T5", "代码“T5”"), ("特困供养", "代码")], ids=["sign", "word"])
def test_a_code_list_grows(held, code, told):
    """A sign is told to whoever has to translate it; a word of Chinese characters might be a name."""
    held.write(COLUMNS, changed("类别", lambda _: code, rows=4))
    assert held.pull().status == "landed"
    values, quarantined = held.standard()
    assert len(values) == len(people())
    assert [row[4] for row in values].count(None) == 4
    assert quarantined == [("类别", f"{told}不在代码集中，合同里也没有对照", 4)]


@on("csv", "sqlite")
def test_a_stray_value_in_a_column_of_codes_is_not_told(held):
    held.write(COLUMNS, changed("类别", lambda _: people()[7][1], rows=1))
    assert held.pull().status == "landed"
    assert held.standard()[1] == [("类别", "代码不在代码集中，合同里也没有对照", 1)]


@on("xlsx")
def test_a_header_is_merged(held):
    with xlsxwriter.Workbook(str(held.path)) as book:
        sheet = book.add_worksheet("名册")
        for place, row in enumerate([(COLUMNS[0], "", "", *COLUMNS[3:]), *people()]):
            sheet.write_row(place, 0, row)
        sheet.merge_range(0, 1, 0, 2, "基本信息")
    stopped(held, "缺少列 姓名、证号；多出列 基本信息")


@on("csv")
def test_a_header_is_merged_in_text(held):
    held.write(("编号", "基本信息", "", *COLUMNS[3:]), people())
    stopped(held, "缺少列 姓名、证号")
