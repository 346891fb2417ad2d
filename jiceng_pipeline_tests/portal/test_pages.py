"""The pages as their readers meet them: easy to see, easy to reach, and working without any script."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from jiceng_pipeline_tests.portal import routes

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SMALL_TEXT = """() => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    && parseFloat(getComputedStyle(e).fontSize) < 24     && !e.closest('.unseen')).map(e => e.outerHTML.slice(0, 90))"""
SMALL_TARGETS = """() => [...document.querySelectorAll('main a, main button, header button, nav a')].filter(e => {
    const box = e.getBoundingClientRect(); const least = e.classList.contains('button') ? 60 : 44;
    return e.checkVisibility() && !e.closest('p:not(.actions)') && box.height && (box.height < least || box.width < 44)
    }).map(e => e.outerHTML.slice(0, 90))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def mine(site):
    return routes.place(site.settings, site.community)


def seen(page):
    """Return what axe has against a page, and whether it is wider than its window."""
    found = Axe().run(page, options=RULES).response["violations"]
    told = [(each["id"], each["nodes"][0]["html"][:100]) for each in found]
    return told + ([("sideways", page.url)] if page.evaluate(SIDEWAYS) > 0 else [])


@pytest.mark.parametrize(("width", "size"), [(1366, "normal"), (360, "big")])
def test_a_clerks_pages_are_accessible(reader, site, mine, width, size):
    page = reader("clerk", width=width, size=size)
    at = f"/at/{site.community}"
    plain = (at, f"{at}/registers", f"{at}/register/resident_register", f"{at}/downloads", f"{at}/verify",
             f"{at}/review", f"{at}/disputes", f"{at}/pictures", f"{at}/apps", f"{at}/forms",
             f"{at}/app/elderly_living_alone_visit", f"{at}/resident/{mine.holes['key']}", "/me",
             f"{at}/account", f"{at}/tasks", f"{at}/cases/new", f"{at}/lists/new", f"{at}/indicators",
             f"{at}/register/resident_register?q=没有这个人", "/nothing")  # fmt: skip
    found = {}
    for address in plain:
        page.goto(address)
        if told := seen(page):
            found[address] = told
        if size == "big":
            found |= {f"{address} {n}": e for n, script in (("text", SMALL_TEXT), ("target", SMALL_TARGETS))
                      if (e := page.evaluate(script))}  # fmt: skip
    assert found == {}


def test_the_narrowest_window_needs_no_sideways_scroll(reader, site):
    page = reader("clerk", width=320, size="big")
    for address in ("", "/register/resident_register", "/downloads"):
        page.goto(f"/at/{site.community}{address}")
        assert page.evaluate(SIDEWAYS) <= 0, address


@pytest.mark.parametrize(("account", "pages"), [
    ("township", ["/"]),
    ("department", ["/tickets", "/disputes", "/sharing", "/sharing/new/resident_register", "/tasks/new"]),
    (None, ["/login", "/practice", "/practice/3?pressed=1", "/guide"]),
])  # fmt: skip
def test_the_pages_of_others_are_accessible(reader, account, pages):
    page = reader(account, width=360, size="big")
    for address in pages:
        page.goto(address)
        assert seen(page) == [], address


def test_a_mistake_is_told_on_top_and_beside_the_field(reader):
    page = reader(width=360, size="big")
    page.goto("/login")
    page.click("main button")
    page.get_by_role("alert").wait_for()
    assert page.title().startswith("错误：")
    assert page.get_by_role("alert").get_by_role("link", name="请填写账号").is_visible()
    assert seen(page) == []


def test_without_script_a_clerk_has_the_file_after_two_clicks(reader):
    page = reader("clerk", script=False)
    with page.expect_download() as waited:
        page.get_by_role("link", name="下载人员底册").click()
    assert waited.value.suggested_filename.endswith(".xlsx")
    assert "人员底册" in waited.value.suggested_filename


def test_by_keyboard_alone_a_clerk_signs_in_and_reaches_the_content(reader, site):
    page = reader()
    page.goto("/login")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for text in ("clerk", site.passwords["clerk"]):
        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.tagName") != "INPUT":
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/at/{site.community}")


def test_big_print_stays_chosen_on_the_next_page(reader, site):
    page = reader("clerk")
    page.get_by_role("button", name="大字版").click()
    page.get_by_role("button", name="标准版").wait_for()
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "24px"
    page.goto(f"/at/{site.community}/downloads")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "24px"
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Normal print").wait_for()


def test_nothing_is_fetched_from_elsewhere(reader, site):
    page = reader("clerk")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for address in (f"/at/{site.community}", "/me"):
        page.goto(address)
    assert asked
    assert all(url.startswith(site.address) for url in asked)


def test_every_picture_has_its_sentence_and_its_table(site):
    page = site.client("clerk").get(f"/at/{site.community}/pictures").text
    assert page.count("<svg") == page.count("<figure>") >= 4
    assert page.count('<table class="stack slim">') == page.count("<figure>")
    assert "最多的是" in page


def test_the_profile_is_one_page_with_whose_copy_it_is(site, tmp_path):
    answer = site.client("clerk").get(f"/at/{site.community}/profile.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.count(b"/Type /Page\n") + answer.content.count(b"/Type /Page/") <= 1
    assert answer.content.startswith(b"%PDF")


def test_practice_leads_through_and_leaves_no_trace(site):
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.portal.practice import TASKS

    with open_ledger(site.settings) as ledger:
        before = ledger.head()
    client = site.client()
    for number, task in enumerate(TASKS, 1):
        right = [choice.is_right for choice in task.choices].index(True)
        wrong = 1 - right if len(task.choices) > 1 else right
        assert task.choices[wrong].told in client.get(f"/practice/{number}?pressed={wrong}").text
        assert "对了" in client.get(f"/practice/{number}?pressed={right}").text
    assert client.get("/practice/6").status_code == 404
    with open_ledger(site.settings) as ledger:
        assert ledger.head() == before


def test_an_admitted_form_arrives_filled_in(site):
    from io import BytesIO

    from openpyxl import load_workbook

    from jiceng_pipeline.forms import admission

    form = next(each.form for each in admission.listed(site.settings) if each.form.audience == "community")
    admission.admit(site.settings, form, "operator")
    assert form.title in site.client("clerk").get(f"/at/{site.community}/forms").text
    address = f"/at/{site.community}/form/{form.id}.xlsx"
    assert site.client("clerk").get(address).status_code == 302
    answer = site.verified("clerk").get(address)
    assert load_workbook(BytesIO(answer.content)).sheetnames
