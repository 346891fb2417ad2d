"""Signing in: lock-out, sessions, second factor, and what a browser is told to keep to itself."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from html import unescape

import httpx
import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.portal import server
from jiceng_pipeline_tests.portal.conftest import one_time_code


def token(client, address="/login"):
    page = client.get(address).text
    return page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def post(client, address, **values):
    return client.post(address, data={**values, "csrfmiddlewaretoken": token(client)})


@pytest.fixture
def accounts(site):
    from jiceng_pipeline.portal import accounts

    return accounts


@pytest.fixture
def web(site):
    with httpx.Client(base_url=site.address, follow_redirects=False) as client:
        yield client


def test_a_right_password_opens_the_home_page_and_starts_a_new_session(site, web):
    web.cookies.set("session", "chosenbyanattacker0000000000000000")
    answer = post(web, "/login", username="clerk", password=site.passwords["clerk"])
    assert answer.status_code == 302
    kept = [cookie.value for cookie in web.cookies.jar if cookie.name == "session"]
    assert "chosenbyanattacker0000000000000000" not in kept[-1:]
    home = web.get("/", follow_redirects=True)
    assert "今天要办的事" in home.text
    assert "虹桥" in home.text


def test_a_wrong_password_says_so_beside_nothing_of_which_was_wrong(web, site):
    wrong = post(web, "/login", username="township", password="not-the-password")
    unknown = post(web, "/login", username="nobody-here", password="not-the-password")
    assert "账号或密码不对" in wrong.text
    assert wrong.text.count("账号或密码不对") == unknown.text.count("账号或密码不对")


def test_five_wrong_tries_lock_for_a_while_also_after_a_restart(site, portal_home, accounts):
    account = "lockme"
    password = accounts.make(account, must_change=False)
    with httpx.Client(base_url=site.address) as web:
        answers = [post(web, "/login", username=account, password="wrong-password-0").status_code for _ in range(5)]
        assert answers[:4] == [200] * 4
        assert answers[4] == 429
        assert post(web, "/login", username=account, password=password).status_code == 429
    port = int(site.address.rpartition(":")[2]) + 1
    with (
        server.running(portal_home, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as again,
    ):
        assert post(again, "/login", username=account, password=password).status_code == 429
        others = post(again, "/login", username="county", password=site.passwords["county"])
        assert others.status_code == 302
    accounts.reset(account)


def test_who_tries_one_password_with_every_account_is_stopped_too(site, monkeypatch):
    from axes.models import AccessAttempt

    from jiceng_pipeline.portal.configuration import LOCKED_MINUTES, TRIES_OF_ADDRESS

    elsewhere, here = site.client(), {"REMOTE_ADDR": "198.51.100.7"}
    right = {"username": "city", "password": site.passwords["city"]}
    for number in range(TRIES_OF_ADDRESS - 1):
        AccessAttempt.objects.create(
            username=f"guessed{number}", ip_address="198.51.100.7", failures_since_start=1, attempt_time=clock.now()
        )
    wrong = {"username": "nobody-here-either", "password": "not-the-password"}
    assert site.client().post("/login", wrong, **here).status_code == 200
    assert site.client().post("/login", right, **here).status_code == 429
    assert elsewhere.post("/login", right, REMOTE_ADDR="198.51.100.8").status_code == 302
    monkeypatch.setenv("JICENG_NOW", (clock.now() + timedelta(minutes=LOCKED_MINUTES + 1)).isoformat())
    assert site.client().post("/login", right, **here).status_code == 302
    AccessAttempt.objects.filter(ip_address="198.51.100.7").delete()


@pytest.mark.parametrize(
    ("told", "address"),
    [("", "127.0.0.1"), ("203.0.113.9", "203.0.113.9"), ("10.0.0.1, 203.0.113.9", "203.0.113.9")],
)
def test_behind_a_server_in_front_the_address_is_the_one_that_server_saw(site, told, address):
    from django.test import RequestFactory

    from jiceng_pipeline.portal import guessing

    assert guessing.forwarded(RequestFactory().get("/login", HTTP_X_FORWARDED_FOR=told)) == address


def test_an_idle_session_ends_and_so_does_an_old_one(site, monkeypatch):
    client = site.client("clerk")
    assert client.get("/me").status_code == 200
    monkeypatch.setenv("JICENG_NOW", (clock.now() + timedelta(minutes=31)).isoformat())
    assert client.get("/me")["Location"] == "/login?next=/me&ended=1"


def test_every_page_says_when_the_session_ends_and_one_press_makes_it_last(site, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-11-28T09:00:00+08:00")
    client = site.client("clerk")
    client.get("/me")
    assert "<strong>09:30</strong>" in client.get("/me").text
    monkeypatch.setenv("JICENG_NOW", "2026-11-28T09:25:00+08:00")
    assert "可以用到 09:55" in client.post("/stay").text
    monkeypatch.setenv("JICENG_NOW", "2026-11-28T09:50:00+08:00")
    assert client.get("/me").status_code == 200
    for step in range(1, 16):  # somebody who never rests
        later = datetime.fromisoformat("2026-11-28T09:50:00+08:00") + timedelta(minutes=28 * step)
        monkeypatch.setenv("JICENG_NOW", later.isoformat())
        page = client.get("/me").text
    assert "要重新登录一次" in page


def test_what_was_typed_when_the_session_had_ended_is_sent_after_signing_in(site, monkeypatch):
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    signed_in = site.client("department")
    client.cookies = signed_in.cookies
    key = client.get("/tickets").text.split("/tickets/")[1].split('"')[0]
    answer = {"verdict": "corrected", "text": "已经改好了"}
    monkeypatch.setenv("JICENG_NOW", (clock.now() + timedelta(minutes=31)).isoformat())
    assert client.post(f"/tickets/{key}", answer).status_code == 403, "another site's page"

    def sent(address, page, **fields):
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        return client.post(address, {**fields, "csrfmiddlewaretoken": token}).text

    asked = sent(f"/tickets/{key}", client.get("/login").text, **answer)
    assert "刚才填的没有丢" in asked
    kept = unescape(asked.split('name="kept" value="')[1].split('"')[0])
    wrong = sent("/login", asked, username="department", password="x" * 12, next=f"/tickets/{key}", kept=kept)
    password = site.passwords["department"]
    resumed = sent("/login", wrong, username="department", password=password, next=f"/tickets/{key}", kept=kept)
    assert 'value="已经改好了"' in resumed
    assert "已答复" in sent(f"/tickets/{key}", resumed, **answer)


def test_logging_out_ends_the_session_on_the_server(site):
    client = site.client("clerk")
    stolen = client.cookies["session"].value
    client.get("/me")
    assert client.get("/logout").status_code == 405
    client.post("/logout")
    client.cookies["session"] = stolen
    assert client.get("/me").status_code == 302


def test_a_changed_password_ends_the_other_sessions(site, accounts):
    accounts.make("changing", must_change=True)
    here, there = site.client("changing"), site.client("changing")
    assert there.get("/me")["Location"] == "/password"
    first = accounts.reset("changing")
    here, there = site.client("changing"), site.client("changing")
    new = "新的密码要长一点-7391"
    said = here.post("/password", {"old_password": first, "new_password1": new, "new_password2": new})
    assert "密码已改" in said.text
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 302


def test_a_form_without_its_token_is_refused(web):
    assert web.post("/login", data={"username": "clerk", "password": "x"}).status_code == 403


@pytest.mark.parametrize("address", ["/login", "/nothing-here", "/static/portal/site.css", "/at/320613005001"])
def test_every_answer_tells_the_browser_to_be_careful(web, address):
    headers = web.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_page_of_data_is_kept_by_no_cache(site):
    assert site.client("clerk").get(f"/at/{site.community}")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example/x", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_to_no_other_site(site, elsewhere):
    client = site.client()
    said = client.post("/login", {"username": "city", "password": site.passwords["city"], "next": elsewhere})
    assert said["Location"] == "/"


def test_the_site_is_ready_for_service_behind_https(portal_home):
    command = [sys.executable, "-m", "jiceng_pipeline.cli", "portal", "check"]
    environment = {**os.environ, "JICENG_HOME": str(portal_home.home)}
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_second_factor_is_set_up_with_a_telephone_and_once_a_session(site, reader):
    page = reader("security_admin")
    assert page.title().startswith("设置第二道验证")
    page.fill("#id_code", one_time_code(page.inner_text(".code")))
    page.click("main button")
    page.locator(".codes").wait_for()
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    page.goto("/posts")
    assert "现在谁任什么岗位" in page.content()
    later = reader("security_admin")
    assert later.title().startswith("第二道验证")
    later.fill("#id_code", codes[0])
    later.click("main button")
    later.wait_for_url("**/posts")
    assert "现在谁任什么岗位" in later.content()
    guessed = reader("security_admin")
    guessed.fill("#id_code", codes[0])
    guessed.click("main button")
    guessed.get_by_role("alert").wait_for()
    assert guessed.title().startswith("错误：")
