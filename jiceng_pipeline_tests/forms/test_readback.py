"""A form comes back in every state people leave it in: each cell has one fate, and nothing happens silently."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import openpyxl
import pytest

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.forms import readback
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.submission import Submission
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.forms.sheets import FIRST, body, opened, put

ALONE, NEED, VISITED = "实际独居", "照护需求", "最近走访日期"
NEW_ID = "32060219480505123" + citizen_check_sign("32060219480505123")


def taken(settings):
    with open_ledger(settings) as ledger:
        return [entry.body for entry in views.entries(ledger, Intake)]


def fates(report, fate):
    return {cell.name: cell.words for cell in report.cells if cell.fate == fate}


def test_one_file_read_twice_at_once_is_written_down_once(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        sheet.cell(FIRST, at[ALONE]).value = "是"
    together = Barrier(2)

    def read(_):
        together.wait()
        return readback.read(settings, "operator", path)

    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(read, range(2)))
    assert sorted(each.counts["accepted"] for each in reports) == [0, 1]
    assert [body.element_id for body in taken(settings)].count("is_actually_living_alone") == 1


def test_as_it_was_handed_out_nothing_changes(sent):
    settings, community, path = sent
    report = readback.read(settings, "operator", path)
    assert report.counts["unchanged"] > 100
    assert {fate for fate, count in report.counts.items() if count} == {"unchanged", "empty"}
    assert (report.community, report.rows_missing, taken(settings)) == (community, 0, [])
    with open_ledger(settings) as ledger:
        (submitted,) = views.entries(ledger, Submission)
    assert report.receipt == submitted.receipt


def test_what_was_typed_is_taken_and_the_same_file_changes_nothing(sent):
    settings, community, path = sent
    with opened(path) as (sheet, at):
        first = sheet.cell(FIRST, 1).value
        sheet.cell(FIRST, at[ALONE]).value = "是"
        sheet.cell(FIRST, at[VISITED]).value = "2026-11-20"
        sheet.cell(FIRST + 1, at[NEED]).value = "助餐"
    report = readback.read(settings, "operator", path)
    assert (report.counts["accepted"], report.counts["rejected"], report.told) == (3, 0, [])
    assert {(body.entity_id, body.element_id, body.value, str(body.collected_date)) for body in taken(settings)} >= {
        (first, "is_actually_living_alone", "true", "2026-11-20"),
        (first, "visit_date", "2026-11-20", "2026-11-20"),
    }
    assert all(body.source == "form:elderly_living_alone_visit" and body.record_id for body in taken(settings))
    assert all(body.community_code == community for body in taken(settings))
    again = readback.read(settings, "operator", path)
    assert (again.is_repeat, again.counts["accepted"], len(taken(settings))) == (True, 0, 3)


def test_trying_takes_nothing(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        sheet.cell(FIRST, at[ALONE]).value = "是"
    assert readback.read(settings, "operator", path, try_only=True).counts["accepted"] == 1
    assert taken(settings) == []


def test_rows_sorted_cut_and_copied_are_still_whose_they_are(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        for number, row in enumerate(body(sheet)):
            sheet.cell(FIRST + number, at[VISITED]).value = f"2026-11-{number % 20 + 1:02d}"
            del row
        rows = body(sheet)
        expected = {row[0]: row[at[VISITED] - 1] for row in rows}
        gone = rows.pop(3)
        put(sheet, [*reversed(rows), rows[0]])  # the first is there twice, the fourth is not
    report = readback.read(settings, "operator", path)
    said = {body.entity_id: body.value for body in taken(settings)}
    assert said == {key: value for key, value in expected.items() if key != gone[0]}
    assert report.rows_missing == 1
    assert any("没有交回来" in note for note in report.notes)


def test_what_the_arrows_sort_takes_the_key_along(sent):
    _, _, path = sent
    with opened(path) as (sheet, _):
        assert sheet.auto_filter.ref.startswith(f"A{FIRST - 1}:")


def test_rows_sorted_without_their_hidden_key_are_still_whose_they_are(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        rows = body(sheet)
        keys = [row[0] for row in rows]
        for number, row in enumerate(rows):
            row[at[VISITED] - 1] = f"2026-11-{number % 20 + 1:02d}"
        expected = {row[0]: row[at[VISITED] - 1] for row in rows}
        rows.sort(key=lambda row: str(row[at["姓名"] - 1]))
        put(sheet, [[key, *row[1:]] for key, row in zip(keys, rows, strict=True)])
        assert sum(row[0] != key for key, row in zip(keys, rows, strict=True)) > len(keys) / 2
    report = readback.read(settings, "operator", path)
    assert {body.entity_id: body.value for body in taken(settings)} == expected
    assert (report.told, report.rows_missing) == ([], 0)


def test_a_row_typed_over_with_somebody_else_is_nobodys(sent):
    settings, _, path = sent
    said = {"姓名": "钱新来", "身份证号": NEW_ID, "联系电话": "13900007777", ALONE: "是"}
    with opened(path) as (sheet, at):
        for title, text in said.items():
            sheet.cell(FIRST, at[title]).value = text
        sheet.cell(FIRST + 1, at[ALONE]).value = "否"
        second = sheet.cell(FIRST + 1, 1).value
        names = {sheet.cell(FIRST, at[title]).coordinate for title in said}
    report = readback.read(settings, "operator", path)
    rejected = fates(report, "rejected")
    assert names <= set(rejected) and all("空行" in words for words in rejected.values())
    assert [body.entity_id for body in taken(settings)] == [second]
    assert (report.rows_missing, report.rows_new) == (1, 0)


def test_a_changed_locked_cell_is_told_and_not_taken(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        sheet.cell(FIRST, at["姓名"]).value = "改了名"
        sheet.cell(FIRST + 1, at["身份证号"]).value = None
    report = readback.read(settings, "operator", path)
    assert set(fates(report, "locked")) == {f"C{FIRST}", f"F{FIRST + 1}"}
    assert all("异议" in words for words in fates(report, "locked").values())
    assert taken(settings) == []


@pytest.mark.parametrize(
    ("title", "typed", "says"),
    [(VISITED, "明天", "2026"), (VISITED, "2039-01-01", "2026"), (ALONE, "也许", "是"), (NEED, "要钱", "例子")],
)
def test_a_wrong_value_is_named_with_its_cell_and_a_right_one(sent, title, typed, says):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        sheet.cell(FIRST, at[title]).value = typed
        name = sheet.cell(FIRST, at[title]).coordinate
    report = readback.read(settings, "operator", path)
    assert set(fates(report, "rejected")) == {name}
    words = fates(report, "rejected")[name]
    assert says in words and typed not in words
    assert taken(settings) == []


def test_found_right_is_an_event_of_its_own_and_said_once(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        for number in range(len(body(sheet))):
            sheet.cell(FIRST + number, at["核实情况"]).value = "核实无误"
    report = readback.read(settings, "operator", path)
    assert report.counts["verified"] == len(taken(settings)) > 0
    assert {body.kind for body in taken(settings)} == {"verified"}
    assert readback.read(settings, "operator", path).counts["verified"] == 0


def test_somebody_new_needs_a_number_and_a_name(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        free = FIRST + len(body(sheet))
        sheet.cell(free, at["姓名"]).value = "钱新来"
        sheet.cell(free, at[ALONE]).value = "是"
        sheet.cell(free + 1, at["姓名"]).value = "孙有号"
        sheet.cell(free + 1, at["身份证号"]).value = NEW_ID
        sheet.cell(free + 1, at[ALONE]).value = "是"
    report = readback.read(settings, "operator", path)
    assert report.rows_new == 1
    assert len(fates(report, "rejected")) == 2  # nothing of the first is lost silently
    new = taken(settings)
    assert {body.element_id for body in new} == {"name", "citizen_id", "is_actually_living_alone", "community_code"}
    assert all(body.is_new for body in new) and len({body.entity_id for body in new}) == 1
    again = readback.read(settings, "operator", path)
    assert (again.counts["accepted"], len(taken(settings))) == (0, 4)


@pytest.fixture
def resident_elsewhere(sent):
    """Return (resident_id, name, number, phone) of somebody in another community."""
    settings, community, _ = sent
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        (found,) = connection.execute(
            """select resident_id, name, citizen_id, phone from governance.resident
            where community_code <> ? and phone is not null and citizen_id is not null and length(name) = 3
            order by resident_id limit 1""",
            [community],
        ).fetchall()
    return found


def add(path, **said):
    """Type somebody into the first free row."""
    with opened(path) as (sheet, at):
        free = FIRST + len(body(sheet))
        for title, text in said.items():
            sheet.cell(free, at[title]).value = text


def test_a_number_of_somebody_with_another_name_is_not_taken(sent, resident_elsewhere):
    settings, _, path = sent
    _, _, number, _ = resident_elsewhere
    add(path, 姓名="钱新来", 身份证号=number, 联系电话="13900007777", 实际独居="是")
    report = readback.read(settings, "operator", path)
    assert len(fates(report, "rejected")) == 4
    assert all("另一个姓名" in words for words in fates(report, "rejected").values())
    assert (taken(settings), report.rows_new) == ([], 0)


@pytest.mark.parametrize("is_right", [True, False])
def test_of_another_communitys_resident_it_is_not_told_what_is_held(sent, resident_elsewhere, is_right):
    settings, _, path = sent
    resident, name, number, phone = resident_elsewhere
    add(path, 姓名=name, 身份证号=number, 联系电话=phone if is_right else "13900007777")
    report = readback.read(settings, "operator", path)
    assert report.counts["accepted"] == 3
    assert any("别的社区" in note for note in report.notes)
    assert {body.entity_id for body in taken(settings)} == {resident}
    assert "community_code" not in {body.element_id for body in taken(settings)}
    assert readback.read(settings, "operator", path).counts["accepted"] == 0
    assert len(taken(settings)) == 3


def test_what_somebody_else_said_meanwhile_is_not_overwritten(sent, tmp_path):
    settings, _, path = sent
    other = tmp_path / "other.xlsx"
    shutil.copy(path, other)
    for file, said in ((other, "是"), (path, "否")):
        with opened(file) as (sheet, at):
            sheet.cell(FIRST, at[ALONE]).value = said
    readback.read(settings, "operator", other)
    report = readback.read(settings, "operator", path)
    ((_, words),) = fates(report, "conflict").items()
    assert "重新下载" in words
    assert [body.value for body in taken(settings)] == ["true"]


def test_what_was_typed_beside_the_form_is_told(sent):
    settings, _, path = sent
    with opened(path) as (sheet, _):
        sheet.cell(FIRST, sheet.max_column + 2).value = "问过邻居"
    book = openpyxl.load_workbook(path)
    book.create_sheet("我的记录").append(["记下的话"])
    book.save(path)
    report = readback.read(settings, "operator", path)
    assert report.counts["outside"] == 1
    assert any("我的记录" in note for note in report.notes)


def test_a_renamed_sheet_and_a_column_more_are_understood(sent):
    settings, _, path = sent
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.title = "新名字"
    sheet.unmerge_cells("B1:Q1") if "B1:Q1" in {str(each) for each in sheet.merged_cells.ranges} else None
    sheet.insert_cols(4)
    at = {cell.value: cell.column for cell in sheet[FIRST - 1] if cell.value}
    sheet.cell(FIRST, at[ALONE]).value = "是"
    book.save(path)
    report = readback.read(settings, "operator", path)
    assert (report.counts["accepted"], report.counts["locked"]) == (1, 0)


def test_a_key_that_was_changed_is_refused(sent):
    settings, _, path = sent
    book = openpyxl.load_workbook(path)
    key = book["jiceng"]
    row = next(row for row in key.iter_rows() if row[0].value == "community")
    row[1].value = "320613005009"
    book.save(path)
    with pytest.raises(UsageError, match="被改动过"):
        readback.read(settings, "operator", path)


def test_only_who_has_a_post_there_may_send_it(sent):
    settings, _, path = sent
    with pytest.raises(AccessDenied):
        readback.read(settings, "stranger", path)
