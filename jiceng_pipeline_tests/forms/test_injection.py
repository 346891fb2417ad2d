"""Whatever stands in the data stays text: no formula, no link, no digit lost, in our workbook and in a template."""

from dataclasses import replace

import openpyxl
import pytest

from jiceng_pipeline.forms import prefill, template, workbook

PAYLOADS = (
    "=1+1", "=HYPERLINK(\"http://a.invalid\",\"x\")", "{=1}", "+1", "-1+1", "@SUM(A1)", "\t=1", "http://a.invalid",
    "mailto:a@b.invalid", "internal:Sheet1!A1", "320613195003076419", "00123", "1e5", "&C=1", "<b>x</b>",
)  # fmt: skip


def planted(page):
    """Return the page with one row a payload, in every column that holds text."""
    texts = {place for place, each in enumerate(page.form.columns) if each.of.sql_type == "varchar"}
    row = page.rows[0]
    rows = [
        replace(
            row, cells=tuple(payload if place in texts else None for place in range(len(row.cells))), sources=payload
        )
        for payload in PAYLOADS
    ]
    return replace(page, rows=tuple(rows)), texts


@pytest.mark.parametrize(("form", "written"), [("elderly_allowance_check", workbook), ("subsistence_review", template)])
def test_a_payload_is_read_back_as_it_stood(listed, community, tmp_path, form, written):
    page, texts = planted(prefill.page(listed, actor="operator", form=form, community=community))
    written.write(page, tmp_path / "f.xlsx", listed)
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx").worksheets[0]
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value in PAYLOADS]
    shown = (
        texts
        if page.form.template is None
        else {place for place in texts if page.form.columns[place].element in page.form.template.columns}
    )
    assert len(found) == len(PAYLOADS) * len(shown)
    assert {cell.data_type for cell in found} == {"s"}
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]
