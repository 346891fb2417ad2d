"""Communities that were merged: what was in their hands is in the hands of what they became, and is found there."""

import pytest

from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger

OLD, NEW, AFTERWARDS = "320613005002", "320613005019", "2026-12-05T09:00:00+08:00"


@pytest.fixture(scope="module")
def clerks(site):
    """Return the site with a clerk of the old community, who also has the post of the new one, and one of the new."""
    from jiceng_pipeline.portal import accounts
    from jiceng_pipeline.returns import posts

    with open_ledger(site.settings) as ledger:
        for account, scopes in (("stayed", (OLD, NEW)), ("new_clerk", (NEW,)), ("left", (OLD,))):
            accounts.make(account, must_change=False)
            for scope in scopes:
                posts.give(ledger, Post(account=account, role="clerk", scope=scope, given_by="operator"))
    return site


@pytest.fixture
def opened(clerks):
    """Return the number of a matter that a department handed to the old community, where a value was doubted too."""
    doubt = Dispute(
        entity="resident", entity_id="a" * 32, element_id="name", believed_value="陶渊明", basis="看过证件",
        community_code=OLD, systems=("public_security/household_register",),
    )  # fmt: skip
    with open_ledger(clerks.settings) as ledger:
        ledger.append("dispute", doubt.subject, doubt, "stayed")
    given = clerks.client("department").post("/cases/new", {"title": "查一查医保", "community": OLD}).text
    return given.split("<strong>")[-1].split("</strong>")[0]


def test_a_matter_and_a_doubt_go_on_where_the_community_went(clerks, opened, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", AFTERWARDS)
    clerk = clerks.client("new_clerk")
    assert "查一查医保" in clerk.get(f"/at/{NEW}/cases").text
    assert "待处理" in clerk.get(f"/at/{NEW}/disputes").text
    said = clerk.post(f"/at/{NEW}/cases/{opened}", {"step": "answer", "text": "查过了"}).text
    assert "已答复" in said


def test_one_starts_from_where_the_people_are_now(clerks, monkeypatch):
    before = clerks.client("stayed").get("/")["Location"]
    monkeypatch.setenv("JICENG_NOW", AFTERWARDS)
    assert (before, clerks.client("stayed").get("/")["Location"]) == (f"/at/{OLD}", f"/at/{NEW}")
    assert f'href="/at/{NEW}"' in clerks.client("stayed").get(f"/at/{OLD}").text
    assert "请安全管理员登记那里的岗位" in clerks.client("left").get("/", follow=True).text
