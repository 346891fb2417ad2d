"""Accounts and posts in the hands of their administrators: none of them comes to more than what is theirs."""

import pytest

from jiceng_pipeline.core.errors import UsageError


@pytest.fixture
def system_admin(site):
    return site.verified("system_admin")


@pytest.mark.parametrize("name", ["operator", "ｏｐｅｒａｔｏｒ"])
def test_nobody_makes_an_account_that_may_do_everything(site, system_admin, name):
    from django.contrib.auth.models import User

    told = system_admin.post("/accounts", {"account": name, "what": "make"}).text
    assert "不能做账号" in told
    assert "首次密码" not in told
    assert not User.objects.filter(username="operator").exists()


def test_a_name_typed_in_wide_letters_is_the_same_name(site, system_admin):
    from jiceng_pipeline.portal import accounts

    accounts.make("wide01")
    assert "已经有这个账号" in system_admin.post("/accounts", {"account": "ｗｉｄｅ０１", "what": "make"}).text


def test_a_closed_account_gets_no_password_that_opens_nothing(site, system_admin):
    from jiceng_pipeline.portal import accounts

    accounts.make("leaving")
    accounts.end("leaving")
    with pytest.raises(UsageError, match="已经停用"):
        accounts.reset("leaving")


def test_whose_telephone_is_lost_begins_anew_and_nothing_of_before_holds(site, monkeypatch, capsys):
    from django.contrib.auth.models import User
    from django_otp import devices_for_user
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from jiceng_pipeline.cli import main
    from jiceng_pipeline.portal import accounts, tokens

    first = accounts.make("loser01", must_change=False)
    user = User.objects.get(username="loser01")
    TOTPDevice.objects.create(user=user, confirmed=True, name="telephone")
    bearer = {"Authorization": f"Bearer {tokens.make(user, '程序')}"}
    client = site.verified("loser01")
    assert site.client().get("/api/v1/datasets", headers=bearer).status_code == 200

    assert accounts.reset("loser01") != first
    assert site.client().get("/api/v1/datasets", headers=bearer).status_code == 401
    assert client.get("/me").status_code == 302, "its sessions ended"
    assert len(list(devices_for_user(user, confirmed=None))) == 2, "a new password alone changes no telephone"

    monkeypatch.setenv("JICENG_HOME", str(site.settings.home))
    with pytest.raises(SystemExit) as ended:
        main(["portal", "reset", "loser01", "--second-factor"])
    password = capsys.readouterr().out.split()[-1]
    assert (ended.value.code, list(devices_for_user(user, confirmed=None))) == (0, [])
    user.refresh_from_db()
    assert user.check_password(password)
    client = site.client("loser01")
    assert client.get("/tokens").headers["Location"].startswith(("/second-factor/new", "/password"))


def test_nobody_closes_the_account_they_are_using(site, system_admin):
    told = system_admin.post("/accounts", {"account": "system_admin", "what": "end"}).text
    assert "不能停用自己的账号" in told
    assert system_admin.get("/accounts").status_code == 200


@pytest.mark.parametrize(("scope", "told"), [("999999999999", "没有这个社区"), ("320613005", "已记入")])
def test_a_post_is_given_for_a_division_that_there_is(site, scope, told):
    role = "clerk" if len(scope) == 12 else "township"
    said = site.verified("security_admin").post("/posts", {"account": f"at{scope}", "role": role, "scope": scope})
    assert told in said.text
