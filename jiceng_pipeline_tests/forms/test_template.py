"""A department's own workbook comes back filled and, besides, as it was."""

import shutil

import openpyxl
import pytest
from openpyxl.cell.cell import MergedCell

from jiceng_pipeline.forms import prefill, readback, sheet_key
from jiceng_pipeline.forms.definition import find, forms
from jiceng_pipeline.forms.page import choices
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.standard.identifiers import citizen_check_sign

NEW_ID = "32060219480505123" + citizen_check_sign("32060219480505123")
TEMPLATES = [form.id for form in forms().values() if form.template]


def look(cell):
    # what openpyxl hands out are proxies, which never equal each other
    return [repr(each) for each in (cell.font, cell.fill, cell.border, cell.alignment, cell.protection)]


def paper(sheet):
    return (
        sheet.page_setup.orientation, str(sheet.page_setup.paperSize), sheet.page_setup.fitToWidth,
        sheet.page_setup.fitToHeight, sheet.print_title_rows, sheet.print_area.rpartition("!")[2],
        sheet.page_margins.left, sheet.page_margins.right, sheet.print_options.horizontalCentered,
        sheet.oddFooter.center.text, sheet.freeze_panes, sheet.sheet_properties.pageSetUpPr.fitToPage,
    )  # fmt: skip


def widths(sheet):
    columns = {name: (each.width, each.hidden) for name, each in sheet.column_dimensions.items()}
    return columns, {number: each.height for number, each in sheet.row_dimensions.items()}


def rules(sheet):
    return [(str(each.sqref), each.type, each.formula1) for each in sheet.data_validations.dataValidation]


@pytest.mark.parametrize("form", TEMPLATES)
def test_only_mapped_cells_change(listed, made, community, form):
    defined = find(form)
    template = defined.template
    blank = openpyxl.load_workbook(defined.template_file).worksheets[0]
    filled = openpyxl.load_workbook(made[form][community].path)
    pages = [sheet for sheet in filled if sheet.title != sheet_key.SHEET]
    body = range(template.first_row, template.first_row + template.body_rows)
    ours = {f"{letter}{row}" for row in body for letter in (*template.columns.values(), template.number_column)}
    ours |= {template.place, template.date}
    for sheet in pages:
        assert sheet.dimensions == blank.dimensions
        assert sorted(map(str, sheet.merged_cells.ranges)) == sorted(map(str, blank.merged_cells.ranges))
        assert paper(sheet) == paper(blank)
        assert widths(sheet) == widths(blank)
        assert rules(sheet) == rules(blank)
        for row in blank.iter_rows():
            for cell in row:
                theirs = sheet[cell.coordinate]
                assert look(theirs) == look(cell), cell.coordinate
                if cell.coordinate not in ours:
                    assert theirs.value == cell.value, cell.coordinate
    assert made[form][community].rows > 0
    assert len(pages) == max(1, -(-made[form][community].rows // template.body_rows))


@pytest.mark.parametrize("form", TEMPLATES)
def test_every_row_stands_where_the_template_has_its_columns(listed, made, community, form):
    defined = find(form)
    page = prefill.page(listed, actor="operator", form=form, community=community)
    book = openpyxl.load_workbook(made[form][community].path)
    key = sheet_key.read(list(book[sheet_key.SHEET].iter_rows(values_only=True)), listed, "f.xlsx")
    hasher = sheet_key.Hasher(listed)
    for row, keyed in zip(page.rows, key.rows, strict=True):
        for place, column in enumerate(key.columns):
            if column.column >= 0:
                said = book[keyed.sheet].cell(keyed.row + 1, column.column + 1).value
                assert sheet_key.text_of(said) == sheet_key.text_of(row.cells[place])
                assert keyed.hashes[place] == hasher.cell(row.entity_id, column.element, said)
    assert set(defined.template.columns) <= {each.element for each in key.columns}


def test_a_template_that_was_filled_is_read_right_and_looks_as_it_was(sent, made, community, tmp_path):
    settings, _, _ = sent
    form = find("subsistence_review")
    path = shutil.copy(made[form.id][community].path, tmp_path / "filled.xlsx")
    book = openpyxl.load_workbook(path)
    income, cause = (form.template.columns[each] for each in ("family_monthly_income_cny", "hardship_cause_code"))
    key = sheet_key.read(list(book[sheet_key.SHEET].iter_rows(values_only=True)), settings, "f.xlsx")
    for number, row in enumerate(key.rows):
        book[row.sheet][f"{income}{row.row + 1}"] = 800 + number
        book[row.sheet][f"{cause}{row.row + 1}"] = "因病"
    book.save(path)
    report = readback.read(settings, "operator", path)
    assert report.told == [] and report.rows == len(key.rows)
    assert report.counts["accepted"] == 2 * len(key.rows)
    with open_ledger(settings) as ledger:
        said = {(each.body.entity_id, each.body.element_id): each.body.value for each in views.entries(ledger, Intake)}
    for number, row in enumerate(key.rows):
        assert float(said[row.entity_id, "family_monthly_income_cny"]) == 800 + number
        assert said[row.entity_id, "hardship_cause_code"] == "1"
    blank = openpyxl.load_workbook(form.template_file).worksheets[0]
    again = openpyxl.load_workbook(path)
    for sheet in (each for each in again if each.title != sheet_key.SHEET):
        assert (paper(sheet), widths(sheet), rules(sheet)) == (paper(blank), widths(blank), rules(blank))
        assert [look(sheet[cell.coordinate]) for row in blank.iter_rows() for cell in row] == [
            look(cell) for row in blank.iter_rows() for cell in row
        ]


WORDS = {"date": "2026-11-20", "phone": "13912345678", "citizen_id": NEW_ID, "decimal": 350, "name": "钱新来"}
WORDS["address"] = "虹桥街道青年路12号3幢201室"


def word(column, before=None):
    """Return a right value for a column, another than stands there."""
    if options := choices(column):
        return next(each for each in options if each != before)
    return WORDS.get(column.of.type, "1234")


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("form", TEMPLATES)
def test_every_column_that_is_filled_is_read(sent, made, form, breaks, tmp_path):
    settings, _, _ = sent
    defined = find(form)
    template = defined.template
    place = max(sorted(made[form]), key=lambda each: made[form][each].rows % template.body_rows)
    path = shutil.copy(made[form][place].path, tmp_path / "filled.xlsx")
    book = openpyxl.load_workbook(path)
    key = sheet_key.read(list(book[sheet_key.SHEET].iter_rows(values_only=True)), settings, "f.xlsx")
    row, free = key.rows[0], key.rows[-1].row + 2
    last = book[key.rows[-1].sheet]
    fillable = [each for each in defined.columns if each.is_fillable and each.element in template.columns]
    for column in fillable:
        letters = template.columns[column.element]
        cell = book[row.sheet][f"{letters}{row.row + 1}"]
        if column.element != "name":  # else the row would name somebody else
            cell.value = word(column, cell.value)
        last[f"{letters}{free}"] = word(column)
    if breaks:
        for sheet in (each for each in book if each.title != sheet_key.SHEET):
            for cell in (
                cell for line in sheet.iter_rows(4, template.first_row - 1) for cell in line[::2] if cell.value
            ):
                if not isinstance(cell, MergedCell):
                    cell.value = f"{str(cell.value)[:2]}\n{str(cell.value)[2:]}"
    book.save(path)
    report = readback.read(settings, "operator", path, try_only=True)
    said = {(cell.sheet, cell.row, cell.title): cell.fate for cell in report.cells}
    assert report.rows_new == 1 and not any("这一列" in note for note in report.notes)
    for column in fillable:
        if column.element != "name":
            assert said[row.sheet, row.row, column.heading] in {"accepted", "locked"}, column.element
        assert said[last.title, free - 1, column.heading] == "accepted", column.element


def test_a_column_whose_header_was_changed_is_told(sent, made, community, tmp_path):
    settings, _, _ = sent
    form = find("veteran_visit")
    path = shutil.copy(made[form.id][community].path, tmp_path / "filled.xlsx")
    book = openpyxl.load_workbook(path)
    for sheet in (each for each in book if each.title != sheet_key.SHEET):
        for row in range(form.template.first_row - 2, form.template.first_row):
            cell = sheet[f"{form.template.columns['assistance_request']}{row}"]
            if cell.value:
                title, cell.value = cell.value, "问到的事"
    book.save(path)
    report = readback.read(settings, "operator", path, try_only=True)
    assert [note for note in report.notes if "这一列" in note and title in note]


def test_a_template_row_typed_over_with_somebody_else_is_nobodys(sent, made, community, tmp_path):
    settings, _, _ = sent
    form = find("subsistence_review")
    path = shutil.copy(made[form.id][community].path, tmp_path / "filled.xlsx")
    book = openpyxl.load_workbook(path)
    row = form.template.first_row
    for letters in form.template.columns.values():
        book.worksheets[0][f"{letters}{row}"] = None
    for element, text in {"name": "钱新来", "citizen_id": "320602194805051230", "hardship_cause_code": "因病"}.items():
        book.worksheets[0][f"{form.template.columns[element]}{row}"] = text
    book.save(path)
    report = readback.read(settings, "operator", path)
    assert {cell.fate for cell in report.cells if cell.row == row - 1 and cell.column >= 0} == {"rejected", "empty"}
    assert all("另一个人" in cell.words for cell in report.told) and len(report.told) == 3
    assert report.rows_missing == 1
    with open_ledger(settings) as ledger:
        assert list(views.entries(ledger, Intake)) == []
