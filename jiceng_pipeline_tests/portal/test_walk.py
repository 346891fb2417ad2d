"""Collected once, used by all, as people meet it: download, fill, hand in, the department's outbox, another form."""

from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest

from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms import admission, prefill
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.outbox_answer import OutboxAnswer
from jiceng_pipeline.ledger.kinds.submission import Submission
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import collected, grants
from jiceng_pipeline.standard import register
from jiceng_pipeline_tests.forms.sheets import FIRST, HEADER, opened

PHONE = "13987654321"


def column(form, element):
    return next(each for each in form.columns if each.element == element)


def shared(settings, community, system):
    """Return two forms that have the phone of one person, who may be told a new one in the first, and the person."""
    pages = [
        prefill.page(settings, actor="operator", form=form.id, community=community)
        for form in forms().values()
        if form.rows.entity == contracts()[system].entity
        and form.template is None
        and "phone" in [each.element for each in form.columns]
    ]
    for page in pages:
        place = [each.element for each in page.form.columns].index("phone")
        for row in page.rows:
            other = next((each for each in pages if each is not page and row.entity_id in
                          {listed.entity_id for listed in each.rows}), None)  # fmt: skip
            if row.states[place] in "vf" and other:
                return page.form, other.form, row.entity_id
    raise AssertionError("nobody stands in two forms")


@pytest.fixture
def phones(site):
    """Return a system of the department's officer that holds phones and was granted those that communities collect."""
    from jiceng_pipeline.portal import caller

    systems = caller.of_account("department").systems
    system = next(
        name for name in systems
        if contracts()[name].entity == "resident" and "phone" in register.held(contracts()[name].columns.values())
    )  # fmt: skip
    with open_ledger(site.settings) as ledger:
        grants.ensure_operator(ledger)
        given = Grant(
            actor=collected.actor_of(system), scope="*", datasets=(collected.DATASET,), profiles=("full",),
            purposes="*", granted_by="operator",
        )  # fmt: skip
        grants.give(ledger, given)
    admission.admit_all(site.settings, "operator")
    return system


def signed_in(site, reader, account):
    """Return a page of somebody who has given the second factor."""
    page = reader()
    cookies = site.verified(account).cookies
    page.context.add_cookies(
        [{"name": name, "value": each.value, "url": site.address} for name, each in cookies.items()]
    )
    return page


def downloaded(page, site, form, folder):
    page.goto(f"/at/{site.community}/forms")
    with page.expect_download() as found:
        page.get_by_role("link", name=f"下载填好的表 {form.title}").click()
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


@pytest.mark.timeout(600)
def test_a_value_is_typed_once_and_reaches_its_department_and_the_next_form(site, phones, reader, tmp_path):
    form, other, person = shared(site.settings, site.community, phones)
    clerk = signed_in(site, reader, "clerk")
    path = downloaded(clerk, site, form, tmp_path)
    with opened(path) as (sheet, at):
        rows = {sheet.cell(number, 1).value: number for number in range(FIRST, sheet.max_row + 1)}
        sheet.cell(rows[person], at[column(form, "phone").heading]).value = PHONE
    clerk.goto(f"/at/{site.community}/forms")
    clerk.get_by_role("link", name="交填好的 Excel 表").click()
    clerk.set_input_files("input[type=file]", path)
    clerk.get_by_role("button", name="交上去").click()
    receipt = clerk.get_by_role("status").locator("strong").inner_text()
    with open_ledger(site.settings) as ledger:
        assert list(views.entries(ledger, Submission))[-1].receipt == receipt

    officer = reader("department")
    officer.get_by_role("navigation").get_by_role("link", name="社区采集").click()
    assert PHONE not in officer.content()
    officer.locator(".tasks a", has_text=column(form, "phone").of.title).first.click()
    assert PHONE in officer.locator("main").inner_text()
    with open_ledger(site.settings) as ledger:
        seen = list(views.entries(ledger, Audit))[-1]
    assert (seen.actor, seen.body.action, seen.body.entity_id) == ("department", "outbox", person)
    officer.get_by_role("button", name="答复").click()
    assert "请选一项" in officer.get_by_role("alert").inner_text()
    officer.get_by_label("没有采用", exact=True).check()
    officer.get_by_role("button", name="答复").click()
    assert "请写明没有采用的原因" in officer.get_by_role("alert").inner_text()
    officer.get_by_label("已采用，本系统照此更新").check()
    officer.get_by_role("button", name="答复").click()
    officer.get_by_role("status").get_by_text("已答复").wait_for()
    with open_ledger(site.settings) as ledger:
        assert list(views.entries(ledger, OutboxAnswer))[-1].body.verdict == "taken_over"

    with ThreadPoolExecutor(1) as apart:  # the browser's driver keeps an event loop in this thread
        assert apart.submit(run_sync, site.settings).result().exit_code == 0
    sheet = openpyxl.load_workbook(downloaded(clerk, site, other, tmp_path)).worksheets[0]
    titles = [cell.value for cell in sheet[HEADER]]
    row = next(cells for cells in sheet.iter_rows(min_row=FIRST) if cells[0].value == person)
    cell = row[titles.index(column(other, "phone").heading)]
    assert cell.value == PHONE
    assert cell.comment.text.startswith("来源：社区采集 ")


def test_an_officer_sees_nothing_that_was_sent_to_others(site):
    assert site.client("department").get("/outbox/1").status_code == 404
    assert site.client("clerk").get("/outbox").status_code == 403
