"""What is begun and broken off: a session that ended, a second factor in between, a link pressed twice, a dead end."""

from datetime import timedelta
from html import unescape

import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline_tests.portal import routes
from jiceng_pipeline_tests.portal.conftest import at_once

CODE = "paper001"


@pytest.fixture
def cell(site):
    """Return the address of a cell that somebody has said something of."""
    return f"/at/{site.community}/resident/{routes.place(site.settings, site.community).holes['key']}/name"


@pytest.fixture
def telephone(site):
    """Give the clerk a second factor, and one printed code."""
    from django.contrib.auth.models import User
    from django_otp.plugins.otp_static.models import StaticDevice
    from django_otp.plugins.otp_totp.models import TOTPDevice

    user = User.objects.get(username="clerk")
    made = TOTPDevice.objects.create(user=user, confirmed=True, name="telephone")
    paper, _ = StaticDevice.objects.get_or_create(user=user, defaults={"name": "paper"})
    paper.throttle_reset()
    paper.token_set.create(token=CODE)
    yield
    made.delete()


def hidden(page, name):
    return unescape(page.split(f'name="{name}" value="')[1].split('"')[0])


@pytest.mark.parametrize(
    ("step", "sent", "done"),
    [("dispute", {"believed": "陶渊明", "basis": "看过证件"}, "核对后送出"), ("verify", {}, "请再看一看")],
)
def test_what_was_sent_is_not_lost_to_the_second_factor_of_the_new_session(site, cell, telephone, step, sent, done):
    clerk = site.client("clerk")  # signed in anew, the second factor not given yet
    asked = clerk.post(f"{cell}/{step}", sent).text
    assert "第二道验证" in asked
    kept = hidden(asked, "kept")
    resumed = clerk.post("/second-factor", {"code": CODE, "next": f"{cell}/{step}", "kept": kept}).text
    assert f'action="{cell}/{step}"' in resumed
    assert all(hidden(resumed, name) == value for name, value in sent.items())
    assert done in clerk.post(f"{cell}/{step}", sent).text


def test_who_comes_back_after_half_an_hour_is_told_why_to_sign_in(site, monkeypatch):
    from django.utils import timezone

    client = site.client("clerk")
    assert client.get("/me").status_code == 200
    later = clock.now() + timedelta(minutes=31)
    monkeypatch.setenv("JICENG_NOW", later.isoformat())
    monkeypatch.setattr(timezone, "now", lambda: later)  # the clock by which stored sessions expire
    assert client.get("/me")["Location"] == "/login?next=/me&ended=1"


def test_a_button_pressed_after_the_end_is_pressed_once_more_after_signing_in(site, cell, monkeypatch):
    clerk = site.client("clerk")
    assert clerk.get("/me").status_code == 200
    monkeypatch.setenv("JICENG_NOW", (clock.now() + timedelta(minutes=31)).isoformat())
    asked = clerk.post(f"{cell}/verify").text
    said = {"username": "clerk", "password": site.passwords["clerk"], "next": f"{cell}/verify"}
    assert f'action="{cell}/verify"' in clerk.post("/login", {**said, "kept": hidden(asked, "kept")}).text


@pytest.mark.parametrize("address", ["/stay", "/logout", "{cell}/verify"])
def test_an_address_that_is_only_sent_to_is_no_blank_page(site, cell, address):
    told = site.client("clerk").get(address.format(cell=cell))
    assert (told.status_code, told["Allow"]) == (405, "POST")
    assert "这个网址不能直接打开" in told.text


def test_a_second_factor_can_be_set_up_though_its_page_was_opened_twice_at_once(site):
    from django.contrib.auth.models import User
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from jiceng_pipeline.portal import accounts

    accounts.make("twice", must_change=False)
    at_once(site, site.client("twice"), "get", "/second-factor/new")
    assert TOTPDevice.objects.filter(user=User.objects.get(username="twice")).count() == 1
    assert site.client("twice").get("/second-factor/new").status_code == 200
