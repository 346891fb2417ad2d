"""办事 in the browser: by keyboard in three steps, on one sheet of paper, and for somebody who agreed."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline_tests.portal import routes
from jiceng_pipeline_tests.portal.test_pages import RULES, SIDEWAYS

ITEM = "尊老金（高龄津贴）申领"


def test_by_keyboard_alone_the_question_is_answered_in_three_steps(reader, site):
    page = reader("clerk", size="big")
    for name in ("办事", ITEM):
        link = page.get_by_role("link", name=name, exact=True)
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_load_state()
    told = page.inner_text("main")
    assert page.url.endswith(f"/at/{site.community}/service/elderly_allowance")
    for word in ("去哪里", "分钟左右", "周一至周五", "要带", "社会保障卡或银行卡", "登记过的不用带"):
        assert word in told
    button = page.get_by_role("link", name="打印一页大字版")
    button.focus()
    with page.expect_download() as waited:
        page.keyboard.press("Enter")
    assert waited.value.suggested_filename.endswith("办事单.pdf")


def test_the_pages_are_accessible(reader, site):
    page = reader("clerk", width=360, size="big")
    for address in ("services", "service/elderly_allowance", "circle"):
        page.goto(f"/at/{site.community}/{address}")
        assert [each["id"] for each in Axe().run(page, options=RULES).response["violations"]] == [], address
        assert page.evaluate(SIDEWAYS) <= 0, address


def test_a_helper_writes_down_who_agreed_before_anything_is_shown(site):
    key = routes.place(site.settings, site.community).holes["key"]
    address = f"/at/{site.community}/service/elderly_allowance/for/{key}"
    assert site.client("clerk").get(address).status_code == 302  # the second factor first
    client = site.verified("clerk")
    assert "怎样同意" in client.get(address).content.decode()
    assert "要带" not in client.post(address, {"consent": ""}).content.decode()
    told = client.post(address, {"consent": "本人口头同意"}).content.decode()
    assert "要带" in told
    with open_ledger(site.settings) as ledger:
        assert any("本人口头同意" in str(event.body) for event in ledger.events("audit"))


@pytest.mark.parametrize("address", ["service/elderly_allowance", "services", "circle"])
def test_a_clerk_asks_in_no_other_community(site, address):
    other = next(code for code in routes.communities(site.settings) if code != site.community)
    assert site.client("clerk").get(f"/at/{other}/{address}").status_code == 403


def test_the_circle_says_in_bars_and_in_a_table_how_much_is_near(site):
    told = site.client("clerk").get(f"/at/{site.community}/circle").content.decode()
    bars = told[told.index('aria-label="走一刻钟能办成的人占多少') :]
    bars = bars[: bars.index("</svg>")]
    assert {"轮椅使用者", "七十岁及以上", "其他人"} <= set(re.findall(r">([^<>]+)</text>", bars))
    assert {'fill="#0f4c4a"', 'fill="url(#striped)"'} <= set(re.findall(r'fill="[^"]+"', bars))
    shares = re.findall(r">(\d+%|不列)</text>", bars)
    table = told[told.index("图上的数字") :]
    assert re.findall(r">(\d+%|不列)</td>", table[: table.index("</table>")]) == shares
    assert len(shares) == 3 * bars.count('text-anchor="end"')


def test_a_township_sees_where_people_are_too_far_and_a_city_is_not_asked(site):
    told = site.client("township").get(f"/at/{site.community[:9]}/services").content.decode()
    assert "走不到" in told
    assert site.client("city").get(f"/at/{site.community[:4]}/services").status_code == 404
    assert site.client("clerk").get(f"/at/{site.community}/service/no_such_item").status_code == 404
