"""Subscriptions in the portal: what a live grant covers is subscribed to, changed, paused, ended, sent again."""

import json
import shutil

import pytest
import yaml

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import delivery, delivery_batch, subscription
from jiceng_pipeline.exchange.receipt import Receipts
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline_tests.portal.test_pages import seen

REGISTER = "resident_register"


@pytest.fixture(scope="module")
def out(site, tmp_path_factory):
    """Return the folders that deliveries go to: the clerk's, the department's, and one that is nobody's own."""
    folder = tmp_path_factory.mktemp("out")
    own = {"clerk_disk": "clerk, township", "office": "department", "elsewhere": ""}
    for name in own:
        (folder / name).mkdir()
    site.settings.subscribers.write_text(
        yaml.safe_dump(
            {
                name: {"way": "folder", "folder": str(folder / name), "title": f"{name} 的盘", "for": accounts}
                for name, accounts in own.items()
            }
        )
    )
    return folder


@pytest.fixture(scope="module")
def clerk(site, out):
    return site.verified("clerk")


@pytest.fixture(scope="module")
def wanted(site):
    """Return what a clerk chooses."""
    return {
        "elements": ["resident_id", "name", "sex_code"], "scope": site.community, "purpose": "走访",
        "cadence": "every_version", "target": "clerk_disk",
    }  # fmt: skip


def newest(site, account):
    with open_ledger(site.settings) as ledger:
        own = [each for each in subscription.every(ledger).values() if each.subscriber == account]
        bodies = [json.loads(event.text) for event in ledger.events("subscription")]
    last = next(each["subscription_id"] for each in reversed(bodies) if each["subscriber"] == account)
    return next(each for each in own if each.subscription_id == last)


def manifest(out, name, number):
    return json.loads((out / "clerk_disk" / name / delivery_batch.name(number) / "manifest.json").read_text())


def deliver(site, name):
    (outcome,) = delivery.deliver(site.settings, (name,), now=True)
    return outcome


def test_a_clerk_subscribes_and_what_was_chosen_is_what_comes(site, out, clerk, wanted):
    listed = clerk.get("/subscriptions").text
    assert "还没有订阅" in listed
    assert f"/subscribe/{REGISTER}/check" in listed
    asked = clerk.get(f"/subscribe/{REGISTER}/check").text
    assert "clerk_disk 的盘（共享文件夹）" in asked
    assert "elsewhere" not in asked, "a place of somebody else is not offered"
    told = {**wanted, "element_0": "sex_code", "test_0": "is", "values_0": "女性"}
    assert "已订阅" in clerk.post(f"/subscribe/{REGISTER}/check", told).text
    body = newest(site, "clerk")
    assert (body.profile, body.scope, body.target) == ("check", site.community, "clerk_disk")
    assert [(each.element, each.values) for each in body.conditions] == [("sex_code", ("2",))]
    assert deliver(site, body.subscription_id).state == "delivered"
    made = manifest(out, body.subscription_id, 1)
    assert [each["name"] for each in made["columns"]] == ["resident_id", "name", "sex_code"]
    assert made["rows"] > 0
    page = clerk.get(f"/subscriptions/{body.subscription_id}").text
    assert "性别 是 女性" in page
    assert made["grant"] in page
    assert f'data-label="行数">{made["rows"]:,}<' in page


def test_a_change_is_delivered_as_a_change(site, out, clerk, wanted):
    name = newest(site, "clerk").subscription_id
    before = clerk.get(f"/subscriptions/{name}/change").text
    assert 'value="女性"' in before, "what was chosen stands there"
    told = {**wanted, "elements": ["resident_id", "name", "sex_code"], "cadence": "weekly"}
    assert "已改" in clerk.post(f"/subscriptions/{name}/change", told).text
    body = newest(site, "clerk")
    assert (body.subscription_id, body.cadence, body.conditions) == (name, "weekly", ())
    assert deliver(site, name).state == "delivered"
    assert set(manifest(out, name, 2)["operations"]) == {"insert"}, "those the condition kept out"


def test_lost_batches_are_sent_again_from_the_page(site, out, clerk):
    name = newest(site, "clerk").subscription_id
    shutil.rmtree(out / "clerk_disk" / name / delivery_batch.name(1))
    page = f"/subscriptions/{name}"
    assert "批号从 1 起" in clerk.post(page, {"do": "replay", "first": "0", "last": "1"}).text
    assert "一次最多" in clerk.post(page, {"do": "replay", "first": "1", "last": "99"}).text
    assert "批号的先后不对" in clerk.post(page, {"do": "replay", "first": "2", "last": "1"}).text
    assert "已不在这里" in clerk.post(page, {"do": "replay", "first": "7", "last": "7"}).text
    assert "已重送 1 批" in clerk.post(page, {"do": "replay", "first": "1", "last": "1"}).text
    assert manifest(out, name, 1)["number"] == 1
    assert "没有被拒收的批次" in clerk.post(page, {"do": "again"}).text
    assert "下次交付时送" in clerk.post(page, {"do": "anew"}).text
    deliver(site, name)
    assert manifest(out, name, 3)["kind"] == "baseline"


def test_what_the_receiver_refused_is_seen_and_tried_again(site, clerk):
    name = newest(site, "clerk").subscription_id
    with open_ledger(site.settings) as ledger:
        receipts = Receipts(ledger)
        refused = next(entry.body for entry in delivery_of(ledger, name))
        parked = refused.model_copy(update={"number": 4, "state": "parked", "reason": "列不认识"})
        receipts._append(parked, "clerk")
    assert "卡住了：列不认识" in clerk.get("/subscriptions").text
    page = clerk.get(f"/subscriptions/{name}").text
    assert "请对方处理好" in page
    assert "已记下" in clerk.post(f"/subscriptions/{name}", {"do": "again"}).text
    assert "列不认识" not in clerk.get(f"/subscriptions/{name}").text


def delivery_of(ledger, name):
    from jiceng_pipeline.exchange.receipt import handed_over

    return handed_over(ledger, name=name)


def test_it_is_paused_taken_up_again_and_ended_only_when_asked_twice(site, clerk):
    name = newest(site, "clerk").subscription_id
    page = f"/subscriptions/{name}"
    assert "已暂停" in clerk.post(page, {"do": "pause"}).text
    assert deliver(site, name).state == "paused"
    assert clerk.post(page, {"do": "pause"}).status_code == 404
    assert "已恢复" in clerk.post(page, {"do": "resume"}).text
    assert "真的结束" in clerk.post(page, {"do": "end"}).text
    assert newest(site, "clerk").state == "active"
    assert "已结束" in clerk.post(page, {"do": "end", "sure": "yes"}).text
    assert newest(site, "clerk").state == "ended"
    assert clerk.get(f"{page}/change").status_code == 404
    assert clerk.post(page, {"do": "resume"}).status_code == 404
    assert "改订阅" not in clerk.get(page).text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"elements": []}, "至少选一项"),
        ({"scope": "320699"}, "没有这个社区"),
        ({"scope": "3206"}, "岗位管不到"),
        ({"target": "elsewhere"}, "请选送到哪里"),
        ({"element_0": "sex_code", "values_0": "男人"}, "没有这个值"),
        ({"element_0": "sex_code", "test_0": "is_filled", "values_0": "男性"}, "不写值"),
        ({"element_0": "residence_kind_code", "values_0": "1"}, "只要一部分"),
        ({"elements": ["resident_id"], "element_0": "sex_code", "values_0": "男性"}, "也要在上面选上"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_written(site, clerk, wanted, changed, said):
    before = newest(site, "clerk")
    answer = clerk.post(f"/subscribe/{REGISTER}/check", {**wanted, "test_0": "is", **changed})
    assert answer.status_code == 200
    assert said in answer.text
    assert "已订阅" not in answer.text
    assert newest(site, "clerk") == before


def test_unmasked_needs_the_second_factor_and_a_purpose(site, clerk, wanted):
    page = f"/subscribe/{REGISTER}/full"
    assert site.client("clerk").post(page, wanted).headers["Location"].startswith("/second-factor")
    assert "请填写：做什么用" in clerk.post(page, {**wanted, "purpose": ""}).text
    assert "已订阅" in clerk.post(page, wanted).text
    name = newest(site, "clerk").subscription_id
    bare = site.client("clerk")
    assert bare.get(f"/subscriptions/{name}").status_code == 200
    for told in ({"do": "anew"}, {"do": "replay", "first": "1", "last": "1"}):
        assert bare.post(f"/subscriptions/{name}", told).headers["Location"].startswith("/second-factor")


def test_nobody_sees_or_touches_anothers(site, clerk, wanted):
    name = newest(site, "clerk").subscription_id
    township = site.verified("township")
    for page in (f"/subscriptions/{name}", f"/subscriptions/{name}/change"):
        assert township.get(page).status_code == 404
        assert township.post(page, {**wanted, "do": "pause"}).status_code == 404
    assert name not in township.get("/subscriptions").text
    assert newest(site, "clerk").state == "active"
    assert site.client("audit_admin").get("/subscriptions").status_code == 403


def test_a_department_subscribes_within_its_grant_and_to_nothing_beside_it(site, out, wanted):
    department = site.client("department")
    assert department.get(f"/subscribe/{REGISTER}/check").status_code == 404, "no grant, nothing to choose"
    grant = Grant(
        actor="department", scope=site.community, datasets=(REGISTER,), profiles=("check",), purposes=("低保核对",),
        elements=("resident_id", "name"), granted_by="operator",
    )  # fmt: skip
    with open_ledger(site.settings) as ledger:
        given = grants.give(ledger, grant)
    try:
        page = department.get(f"/subscribe/{REGISTER}/check").text
        assert 'value="name"' in page
        assert 'value="phone"' not in page
        told = {**wanted, "elements": ["resident_id", "name"], "purpose": "低保核对", "target": "office"}
        assert "已订阅" in department.post(f"/subscribe/{REGISTER}/check", told).text
        name = newest(site, "department").subscription_id
        assert deliver(site, name).state == "delivered"
    finally:
        with open_ledger(site.settings) as ledger:
            grants.end(ledger, given.subject, "operator")
    again = {"do": "replay", "first": "1", "last": "1"}
    assert "没有有效的授权" in department.post(f"/subscriptions/{name}", again).text
    assert department.get(f"/subscriptions/{name}/change").status_code == 404


def test_where_the_operator_pointed_stays_but_nobody_points_there_alone(site, clerk, wanted):
    body = Subscription(
        subscription_id="by_operator", subscriber="clerk", dataset=REGISTER, scope=site.community, target="elsewhere"
    )
    with open_ledger(site.settings) as ledger:
        grants.ensure_operator(ledger)
        subscription.put(site.settings, ledger, body, "operator")
        for_another = body.model_copy(update={"subscription_id": "for_clerk", "target": "clerk_disk"})
        with pytest.raises(UsageError, match="自己的账号"):
            subscription.put(site.settings, ledger, for_another, "township")
    page = "/subscriptions/by_operator/change"
    assert "已改" in clerk.post(page, {**wanted, "target": "elsewhere"}).text
    assert "已改" in clerk.post(page, wanted).text
    assert "请选送到哪里" in clerk.post(page, {**wanted, "target": "elsewhere"}).text


def test_pressed_twice_it_is_one_subscription_until_that_is_changed(site, clerk, wanted):
    def own():
        with open_ledger(site.settings) as ledger:
            return {name for name, each in subscription.every(ledger).items() if each.subscriber == "clerk"}

    told, before = {**wanted, "purpose": "走访两次"}, own()
    for _ in range(2):
        assert "已订阅" in clerk.post(f"/subscribe/{REGISTER}/check", told).text
    (first,) = own() - before
    assert "已改" in clerk.post(f"/subscriptions/{first}/change", {**told, "cadence": "weekly"}).text
    clerk.post(f"/subscribe/{REGISTER}/check", told)
    (second,) = own() - before - {first}
    with open_ledger(site.settings) as ledger:
        assert [subscription.find(ledger, name).cadence for name in (first, second)] == ["weekly", "every_version"]
        for name in (first, second):
            subscription.turn(ledger, name, "ended", "clerk")


def test_the_pages_are_accessible(site, reader, clerk):
    page = reader(width=360, size="big")
    page.context.add_cookies([{"name": "session", "value": clerk.cookies["session"].value, "url": site.address}])
    name = newest(site, "clerk").subscription_id
    for address in ("/subscriptions", f"/subscribe/{REGISTER}/check", f"/subscriptions/{name}",
                    f"/subscriptions/{name}/change"):  # fmt: skip
        page.goto(address)
        assert seen(page) == [], address


def test_with_the_keyboard_alone_it_is_subscribed_to(site, chromium, clerk):
    from jiceng_pipeline_tests.portal.test_keyboard import press, reach

    context = chromium.new_context(java_script_enabled=False, locale="zh-CN", base_url=site.address)
    context.add_cookies([{"name": "session", "value": clerk.cookies["session"].value, "url": site.address}])
    page = context.new_page()
    page.goto("/subscriptions")
    press(page, "订阅（已遮盖） 人员底册")
    reach(page, "姓名", kind="checkbox")
    page.keyboard.press("Space")
    reach(page, "clerk_disk", kind="radio")
    page.keyboard.press("Space")
    press(page, "订阅", kind="submit")
    assert page.get_by_role("heading", name="已订阅").is_visible()
    context.close()
