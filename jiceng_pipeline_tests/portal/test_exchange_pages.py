"""Tasks, matters, requests for data, lists and indicators on the pages: each side sees its own and does its part."""

from datetime import date

import pytest

from jiceng_pipeline.exchange import handover, instruction, party
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.handover import Handover
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.kinds.request import Request
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import posts
from jiceng_pipeline.services import catalogue

LATER = "2099-06-30"


def last(site, model):
    with open_ledger(site.settings) as ledger:
        return list(views.entries(ledger, model))[-1].body


@pytest.fixture(scope="module")
def county(site):
    return site.community[:6]


def test_a_task_goes_down_stands_on_the_home_page_and_comes_back_done(site, county):
    above, clerk, at = site.client("county"), site.client("clerk"), f"/at/{site.community}"
    wrong = above.post(f"/at/{county}/tasks/new", {"title": "冬季走访", "scope": county, "due_date": "月底"}).text
    assert "期限不对" in wrong
    gone = above.post(f"/at/{county}/tasks/new", {"title": "冬季走访", "scope": county, "due_date": "2020-01-01"}).text
    assert "期限已经过了" in gone
    given = above.post(f"/at/{county}/tasks/new", {"title": "冬季走访", "scope": county, "due_date": LATER})
    assert "已下达" in given.text
    assert "最近一件的期限是 2099年6月30日" in clerk.get(at).text
    listed = clerk.get(f"{at}/tasks").text
    key = listed.split(f"{at}/tasks/")[1].split('"')[0]
    assert "冬季走访" in listed
    nothing = clerk.post(f"{at}/tasks/{key}", {}).text
    assert nothing.count('"#id_verdict"') == nothing.count('id="id_verdict"') == 1, "the list of mistakes leads there"
    assert "办不了要写明原因" in clerk.post(f"{at}/tasks/{key}", {"verdict": "cannot"}).text
    assert "已报告上级" in clerk.post(f"{at}/tasks/{key}", {"verdict": "done", "text": "都走到了"}).text
    assert "已办好" in clerk.get(f"{at}/tasks").text
    progress = above.get(f"/at/{county}/tasks/{key}").text
    assert "办好 1 个" in progress
    assert f"/at/{site.community[:9]}/tasks/{key}" in progress
    assert clerk.get(f"/at/{site.community}/tasks/new").status_code == 403


def test_what_is_open_about_an_item_that_has_ended_is_marked(site):
    told = {"opener": site.community, "to": "civil_affairs", "community": site.community, "item": "elderly_allowance"}
    with open_ledger(site.settings) as ledger:
        made = handover.open_case(site.settings, ledger, "operator", title="尊老金没到账", **told)
    clerk, at = site.client("clerk"), f"/at/{site.community}/cases"
    assert "停办" not in clerk.get(at).text + clerk.get(f"{at}/{made.case_id}").text
    text = (catalogue.ITEMS / "elderly_allowance.yaml").read_text("utf-8")
    ended = site.settings.services / "items" / "elderly_allowance.2.yaml"
    ended.parent.mkdir(parents=True)
    ended.write_text(text.replace("version: 1", "version: 2\nvalid_until: 2026-06-30"), "utf-8")
    catalogue._versions.cache_clear()  # a running site reads the files once
    try:
        assert "事项已停办" in clerk.get(at).text
        assert "已经停办" in clerk.get(f"{at}/{made.case_id}").text
    finally:
        ended.unlink()
        catalogue._versions.cache_clear()


def test_whom_a_task_waits_for_is_known_without_reading_what_others_said(site, monkeypatch):
    with open_ledger(site.settings) as ledger:
        made = instruction.issue(
            site.settings, ledger, "operator", title="查隐患", text="", scope=site.community, due_date=date(2099, 1, 1)
        )
        assert made in instruction.waiting(site.settings, ledger, site.community)
        assert made not in instruction.waiting(site.settings, ledger, f"{site.community[:9]}002")
        instruction.answer(site.settings, ledger, made.instruction_id, site.community, "operator", verdict="done")
        assert made not in instruction.waiting(site.settings, ledger, site.community)


def test_a_department_sees_how_far_its_own_task_is_and_nobody_elses(site):
    department = site.client("department")
    assert "已下达" in department.post("/tasks/new", {"title": "核对名册", "scope": "*", "due_date": LATER}).text
    listed = department.get("/tasks").text
    assert "核对名册" in listed
    assert "冬季走访" not in listed
    key = listed.split('href="/tasks/')[2].split('"')[0]
    assert "个社区，办好 0 个" in department.get(f"/tasks/{key}").text
    assert site.client("city").get(f"/tasks/{key}").status_code == 404


def test_a_matter_is_in_one_hand_at_a_time_until_its_opener_closes_it(site):
    clerk, department, at = site.client("clerk"), site.client("department"), f"/at/{site.community}"
    own = department_of(site)
    assert "请填写：什么事" in clerk.post(f"{at}/cases/new", {"to": own}).text
    assert "已交办" in clerk.post(f"{at}/cases/new", {"title": "楼道堆物", "to": own, "text": "三单元"}).text
    key = last(site, Handover).case_id
    assert "等我们办" in department.get("/cases").text
    assert "办结" not in options(department.get(f"/cases/{key}").text)
    assert options(clerk.get(f"{at}/cases/{key}").text) == {"close"}
    assert "已答复" in department.post(f"/cases/{key}", {"step": "answer", "text": "已清理"}).text
    assert "已清理" in clerk.get(f"{at}/cases/{key}").text
    assert "已办结" in clerk.post(f"{at}/cases/{key}", {"step": "close", "text": "看过了"}).text
    assert options(clerk.get(f"{at}/cases/{key}").text) == set()
    assert site.client("county").get(f"/at/{site.community[:6]}/cases").text.count("楼道堆物") == 1


def test_a_department_hands_a_matter_to_a_community(site):
    department, clerk = site.client("department"), site.client("clerk")
    assert "没有这个社区" in department.post("/cases/new", {"title": "复核", "community": "999999999999"}).text
    assert "已交办" in department.post("/cases/new", {"title": "复核名册", "community": site.community}).text
    key = last(site, Handover).case_id
    assert "等我们办" in clerk.get(f"/at/{site.community}/cases").text
    assert options(clerk.get(f"/at/{site.community}/cases/{key}").text) == {"answer", "pass"}


def test_a_request_goes_from_the_wish_to_the_grant_and_each_side_sees_its_own(site, county):
    asks, checks, audits = site.client("department"), site.client("county"), site.client("audit_admin")
    wish = {"elements": ["resident_id", "name"], "scope": site.community, "profile": "check", "purpose": "低保核对",
            "legal_basis": "社会救助暂行办法", "until": LATER}  # fmt: skip
    assert "申请" in asks.get("/sharing/catalogue").text
    assert "至少选一项" in asks.post("/sharing/new/resident_register", {**wish, "elements": []}).text
    assert "使用期限已经过了" in asks.post("/sharing/new/resident_register", {**wish, "until": "2020-01-01"}).text
    assert "申请已交" in asks.post("/sharing/new/resident_register", wish).text
    body = last(site, Request)
    assert "待合规审查" in asks.get("/sharing").text
    assert "低保核对" in audits.get("/sharing").text
    page = f"/sharing/{body.request_id}"
    assert "<textarea" not in audits.get(page).text, "an auditor only looks"
    assert "不同意要写明理由" in checks.post(page, {"agrees": "no"}).text
    assert "已审查" in checks.post(page, {"agrees": "yes"}).text
    assert body.owners, "somebody answers for names"
    assert "待提供方答复" in asks.get(page).text
    assert "低保核对" not in checks.get("/sharing").text, "it waits for somebody else now"
    assert site.client("clerk").get(page).status_code == 403
    assert site.client("clerk").get("/sharing").status_code == 403


def test_an_owner_answers_and_takes_it_back_again(site):
    from jiceng_pipeline.portal import accounts

    body = last(site, Request)
    with open_ledger(site.settings) as ledger:
        for each in body.owners:
            accounts.make(f"{each}_lead", must_change=False)
            systems = party.systems_of(each)
            post = Post(account=f"{each}_lead", role="department", scope="*", systems=systems, given_by="operator")
            posts.give(ledger, post)
    for department in body.owners:
        owner = site.client(f"{department}_lead")
        assert "低保核对" in owner.get("/sharing").text
        assert "已答复" in owner.post(f"/sharing/{body.request_id}", {"agrees": "yes"}).text
    grant = last(site, Grant)
    assert (grant.actor, grant.scope) == ("department", site.community)
    department = site.client("department")
    start = department.get("/", follow=True)
    assert (start.status_code, start.request["PATH_INFO"]) == (200, "/tickets"), "where its own work is"
    assert f'href="/at/{site.community}/registers"' in start.text
    assert department.get(f"/at/{site.community}/register/{grant.datasets[0]}").status_code == 200
    assert "收回授权要写明理由" in site.client("county").post(f"/sharing/{body.request_id}", {}).text
    revoked = site.client("county").post(f"/sharing/{body.request_id}", {"reason": "用途已完成"}).text
    assert "已收回授权" in revoked
    assert site.client("department").get(f"/at/{site.community}").status_code == 403


def test_a_list_of_ones_own_is_put_together_opened_and_given_up(site):
    clerk, at = site.verified("clerk"), f"/at/{site.community}/lists"
    assert "还没有存过名单" in clerk.get(at).text
    assert "至少选一样" in clerk.post(f"{at}/new", {"title": "高龄", "columns": ["name"]}).text
    opened = clerk.post(
        f"{at}/new", {"title": "高龄", "tags": ["aged_80"], "columns": ["name", "birth_date"]}, follow=True
    )
    assert "数据截至" in opened.text
    assert "高龄" in clerk.get(at).text
    assert site.client("clerk").get(f"{at}/open?title=高龄").status_code == 302, "the second factor first"
    again = {"title": "高龄", "tags": ["disabled"], "columns": ["name"]}
    assert "换一个名字" in clerk.post(f"{at}/new", again).text, "it would be in the place of the first"
    clerk.post(f"{at}/open?title=高龄")
    assert "还没有存过名单" in clerk.get(at).text
    assert clerk.get(f"{at}/open?title=高龄").status_code == 404


def test_the_parts_of_an_indicator_and_what_cannot_be_placed_add_up(site):
    from jiceng_pipeline.exchange import release

    township, scope = site.verified("township"), site.community[:9]
    assert "还没有发布过统计数" in township.get(f"/at/{scope}/indicator/population").text
    exact = township.get(f"/at/{scope}/indicator/population?exact=1").text
    numbers = [int(part.split("<")[0].replace(",", "")) for part in exact.split('data-label="人">')[1:]]
    own = int(exact.split('<p class="figure">')[1].split(" ")[0].replace(",", ""))
    assert sum(numbers) == own > 0
    release.make(site.settings, actor="operator", purpose="公报")
    assert "取整到五" in site.client("city").get(f"/at/{scope[:4]}/indicator/population").text
    assert site.client("city").get(f"/at/{scope[:4]}/indicator/population?exact=1").text.count("原数") == 0


def department_of(site):
    from jiceng_pipeline.portal import caller

    return caller.of_account("department").systems[0].partition("/")[0]


def options(page):
    """Return what may be chosen as the next step."""
    return {part.split('value="')[1].split('"')[0] for part in page.split('type="radio" name="step"')[1:]}
