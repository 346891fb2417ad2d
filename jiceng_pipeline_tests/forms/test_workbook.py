"""The workbook a clerk gets: what is known is there and locked, the rest can be typed, and it prints."""

import zipfile
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pytest

from jiceng_pipeline.forms import body, prefill, sheet_key, workbook
from jiceng_pipeline.forms.definition import find, forms
from jiceng_pipeline.forms.page import choices

PLAIN = [form.id for form in forms().values() if form.template is None]


@pytest.fixture(scope="module")
def opened(made, community):
    return {form: openpyxl.load_workbook(made[form][community].path) for form in PLAIN if community in made[form]}


@pytest.mark.parametrize("form", PLAIN)
def test_every_value_is_what_the_page_shows(listed, opened, community, form):
    sheet, defined = opened[form].worksheets[0], find(form)
    page = prefill.page(listed, actor="operator", form=form, community=community)
    assert page.rows
    assert [cell.value for cell in sheet[4]][2:-1] == [each.heading for each in defined.columns]
    for number, row in enumerate(page.rows):
        cells = [sheet.cell(5 + number, 3 + place) for place in range(len(defined.columns))]
        assert [sheet_key.text_of(cell.value) for cell in cells] == [sheet_key.text_of(each) for each in row.cells]
        for cell, state, column in zip(cells, row.states, defined.columns, strict=True):
            assert cell.protection.locked == (state in "kn" and not column.asked)
            # a number in a text column is a number that lost its head or tail
            if column.of.type not in {"integer", "decimal", "date"}:
                assert cell.value is None or cell.data_type == "s"
            if column.of.type == "date":
                assert cell.value is None or isinstance(cell.value, datetime | date) or cell.value < "1900-03-01"


def test_each_prefilled_cell_says_where_it_comes_from_and_when_and_what_is_doubted_of_it(listed, opened, community):
    doubted = 0
    for form, book in opened.items():
        page = prefill.page(listed, actor="operator", form=form, community=community)
        assert sum(len(row.cells) - row.cells.count(None) for row in page.rows) <= body.EVERY_CELL
        sheet = book.worksheets[0]
        for number, row in enumerate(page.rows):
            for place, field in enumerate(page.fields(row)):
                cell = sheet.cell(5 + number, 3 + place)
                wanted = [f"来源：{field.source}"] if field.value else []
                wanted += [field.doubt] if field.doubt else []
                assert (cell.comment.text if cell.comment else "") == "\n".join(wanted), (form, field.column.element)
                if field.value:
                    assert field.source[-10:-6].isdigit(), (form, field.column.element)
                if field.doubt:
                    doubted += 1
                    assert not cell.protection.locked
    assert doubted


def test_where_there_are_too_many_cells_each_row_says_it_for_all_of_its_own(listed, community, tmp_path, monkeypatch):
    monkeypatch.setattr(body, "EVERY_CELL", 10)
    made = prefill.make(listed, actor="operator", form="household_visit", community=community, folder=tmp_path)
    page = prefill.page(listed, actor="operator", form="household_visit", community=community)
    sheet = openpyxl.load_workbook(made.path).worksheets[0]
    for number, row in enumerate(page.rows):
        comment = sheet.cell(5 + number, 2).comment.text
        assert all(field.source in comment for field in page.fields(row) if field.value)
        told = {place for place, field in enumerate(page.fields(row)) if sheet.cell(5 + number, 3 + place).comment}
        assert told == {place for place, field in enumerate(page.fields(row)) if field.doubt}


@pytest.mark.parametrize("form", PLAIN)
def test_it_guides_the_hand_and_prints_on_a4(opened, form):
    book, defined = opened[form], find(form)
    sheet = book.worksheets[0]
    lists = {str(each.sqref).split(":")[0][0]: each for each in sheet.data_validations.dataValidation}
    for place, column in enumerate(defined.columns):
        if choices(column) and column.is_fillable:
            rule = lists[openpyxl.utils.get_column_letter(3 + place)]
            assert rule.type == "list"
            assert rule.errorTitle
    assert sheet.freeze_panes == "D5"
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$4:$4"
    assert "&P" in sheet.oddFooter.right.text
    assert sheet.protection.sheet
    assert not sheet.protection.password
    assert sheet.column_dimensions["A"].hidden
    assert book[sheet_key.SHEET].sheet_state == "veryHidden"
    assert "填表说明" in book.sheetnames


def test_formulas_are_our_own_sums_only(made):
    for each in made.values():
        for file in each.values():
            book = openpyxl.load_workbook(file.path)
            said = {
                cell.value
                for sheet in book
                for row in sheet.iter_rows()
                for cell in row
                if cell.data_type == "f" and not str(cell.value).startswith(("=SUM(", "=IF(ABS("))
            }
            assert not said
            with zipfile.ZipFile(file.path) as archive:
                assert not [name for name in archive.namelist() if "hyperlink" in name or "vbaProject" in name]


def test_a_sum_is_there_before_anything_is_calculated(made, community):
    path = made["elderly_allowance_check"][community].path
    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    names = [cell.value for cell in sheet[4]]
    column = names.index("月津贴（元）") + 1
    rows = made["elderly_allowance_check"][community].rows
    values = [sheet.cell(5 + number, column).value or 0 for number in range(rows)]
    total = next(row for row in range(5 + rows, sheet.max_row + 1) if sheet.cell(row, 2).value == "合计")
    assert sheet.cell(total, column).value == pytest.approx(sum(values))
    assert sheet.cell(total + 1, column).value == "相符"


def test_the_hidden_sheet_knows_every_row(listed, made, community):
    for form in made:
        book = openpyxl.load_workbook(made[form][community].path)
        cells = list(book[sheet_key.SHEET].iter_rows(values_only=True))
        key = sheet_key.read(cells, listed, "f.xlsx")
        page = prefill.page(listed, actor="operator", form=form, community=community)
        assert (key.form, key.community, key.version) == (form, community, page.version.name)
        assert [row.entity_id for row in key.rows] == [row.entity_id for row in page.rows]
        assert [row.states for row in key.rows] == [row.states for row in page.rows]
        if key.key_column >= 0:
            sheet = book.worksheets[0]
            shown = [sheet.cell(row.row + 1, key.key_column + 1).value for row in key.rows]
            assert shown == [row.entity_id for row in key.rows]


def test_a_title_with_signs_that_no_sheet_may_be_called_by_makes_a_workbook(listed, community, tmp_path):
    page = prefill.page(listed, actor="operator", form="elderly_living_alone_visit", community=community)
    titled = replace(page, form=page.form.model_copy(update={"title": "独居/空巢老人[登记]表"}))
    workbook.write(titled, tmp_path / "form.xlsx", listed)
    sheet = openpyxl.load_workbook(tmp_path / "form.xlsx").worksheets[0]
    assert (sheet.title, sheet["B1"].value) == ("独居_空巢老人_登记_表", "独居/空巢老人[登记]表")
