"""The core tasks of a clerk with the keyboard alone and no script running, in one browser session."""

import pytest

from jiceng_pipeline.forms import admission, definition
from jiceng_pipeline_tests.portal import routes

FORM = "elderly_allowance_check"
TOLD = """() => { const at = document.activeElement; const box = getComputedStyle(at);
    return [at.textContent || at.labels?.[0]?.textContent || '', at.type || at.tagName, at.closest('tbody') !== null,
            box.outlineStyle]; }"""
_MOST = 300


@pytest.fixture(scope="module")
def page(site, chromium):
    """Return a page of a clerk who has given the second factor; no script of the site runs on it."""
    admission.admit(site.settings, definition.find(FORM), "operator")
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN", base_url=site.address)
    session = site.verified("clerk").cookies["session"].value
    context.add_cookies([{"name": "session", "value": session, "url": site.address}])
    yield context.new_page()
    context.close()


def reach(page, words="", kind="", in_table=False):
    """Press Tab until what has the focus says that, and is of that kind; it must be seen to have the focus."""
    for _ in range(_MOST):
        page.keyboard.press("Tab")
        told, what, is_in_table, outline = page.evaluate(TOLD)
        if words in told and kind in what and is_in_table >= in_table and what != "BODY":
            assert outline != "none", f"nobody sees where the focus is: {told}"
            return
    raise AssertionError(f"not reached by keyboard: {words} {kind} at {page.url}")


def press(page, words="", **more):
    """Reach something and press it; the page it leads to is there afterwards."""
    reach(page, words, **more)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_somebody_is_found_and_a_cell_says_who_said_so(site, page):
    from jiceng_pipeline.portal.reading import opened

    with opened() as (_, connection):
        (name,) = connection.execute(
            """select name from returned.resident_register where community_code = ? and length(name) = 3
            and contains(source_systems, 'public_security/household_register') order by resident_id limit 1""",
            [site.community],
        ).fetchall()[0]
    page.goto(f"/at/{site.community}")
    reach(page, "找一个人")
    page.keyboard.type(name)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press(page, in_table=True)
    press(page, "姓名", in_table=True)
    assert page.get_by_text("各部门怎么说").is_visible()
    assert page.get_by_text("现在用这个").first.is_visible()


def test_a_wrong_value_is_doubted(page):
    press(page, "不对，提出异议")
    reach(page, "应该是什么")
    page.keyboard.type("陶渊明")
    reach(page, kind="radio")
    page.keyboard.press("Space")
    press(page, "下一步")
    press(page, "没错，送出")
    assert page.get_by_role("heading", name="异议已送出").is_visible()


def test_a_right_value_is_verified(site, page):
    page.goto(f"/at/{site.community}/resident/{routes.place(site.settings, site.community).holes['key']}")
    press(page, "联系电话", in_table=True)
    press(page, "核实无误")
    assert page.get_by_role("heading", name="已记下").is_visible()


def test_a_register_is_fetched_with_one_press_from_the_home_page(site, page):
    page.goto(f"/at/{site.community}")
    reach(page, "下载人员底册")
    with page.expect_download() as waited:
        page.keyboard.press("Enter")
    assert waited.value.suggested_filename.endswith(".xlsx")


def test_a_form_is_filled_and_handed_in(site, page):
    page.goto(f"/at/{site.community}")
    press(page, "报表")
    press(page, f"在这里填 {definition.find(FORM).title}")
    press(page, "开始填")
    press(page, "从第一个填起")
    reach(page, "认证", kind="text")
    page.keyboard.press("Control+A")
    page.keyboard.type("2026-11-20")
    press(page, "存好，下一个")
    page.goto(f"/at/{site.community}/fill/{FORM}")
    press(page, "核对后交表")
    press(page, "没错，交上去")
    assert page.get_by_role("heading", name="收到").is_visible()
    assert page.get_by_text("回执号").first.is_visible()
