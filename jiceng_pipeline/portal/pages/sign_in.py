"""Signing in and out, and changing one's password."""

from typing import Any

from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.portal import guessing, kept, receipt
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.configuration import LOCKED_MINUTES, TRIES
from jiceng_pipeline.portal.models import Remembered
from jiceng_pipeline.portal.scopes import Scope, scoped
from jiceng_pipeline.portal.sessions import ending
from jiceng_pipeline.portal.wording import say


class SignIn(AuthenticationForm):
    """Account and password."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["username"].label = say("账号", "Account")
        self.fields["password"].label = say("密码", "Password")
        # who reads with the ear hears the page from its beginning
        self.fields["username"].widget.attrs.pop("autofocus", None)
        for name, what in (("username", say("请填写账号", "Enter your account")),
                           ("password", say("请填写密码", "Enter your password"))):  # fmt: skip
            self.fields[name].error_messages["required"] = what
        wrong = say("账号或密码不对，请核对后再试", "Account or password is not right")
        self.error_messages = {"invalid_login": wrong, "inactive": wrong}


class ChangePassword(PasswordChangeForm):
    """The old password, and a new one twice."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["old_password"].label = say("现在的密码", "Password now")
        self.fields["new_password1"].label = say("新密码", "New password")
        self.fields["new_password2"].label = say("再写一遍新密码", "New password again")
        self.fields["new_password1"].help_text = say(
            "至少十位，不要全是数字，不要用账号。", "Ten signs or more, not digits alone, not your account."
        )
        self.fields["new_password2"].help_text = ""
        for field in self.fields.values():
            field.error_messages["required"] = say(f"请填写：{field.label}", f"Enter: {field.label}")


@scoped(Scope.OPEN)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for account and password; a right pair starts a new session."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = "/"
    typed = request.POST.get("kept", "")
    if request.method == "POST" and guessing.is_too_much(request):
        return locked(request)
    form = SignIn(request, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        if (fields := kept.unpacked(typed)) is not None:
            return render(request, "portal/resume.html", {"next": wanted, "fields": fields})
        return HttpResponseRedirect(wanted)
    ended = request.GET.get("ended") == "1"
    return render(request, "portal/sign_in.html", {"form": form, "next": wanted, "ended": ended, "kept": typed})


def asked(request: HttpRequest, wanted: str, typed: str) -> HttpResponse:
    """Ask for account and password in the middle of something; `typed` is what was sent there."""
    return render(
        request, "portal/sign_in.html", {"form": SignIn(request), "next": wanted, "ended": True, "kept": typed}
    )


@scoped(Scope.ACCOUNT)
@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """Let the session last another half hour, in a page of its own: what is typed in the other stays there."""
    found = ending(request)
    until = f"{found.at.astimezone(LOCAL):%H:%M}" if found else ""
    return receipt.page(
        request,
        say(f"可以用到 {until}", f"You stay signed in until {until}"),
        following=say("这一页可以关掉，回到刚才那一页接着填。", "Close this page and go on in the one before."),
    )


def locked(request: HttpRequest, *_: object) -> HttpResponse:
    """Say that an account is locked for a while; the same for accounts there are and are not."""
    what = say(f"连续 {TRIES} 次没有登录成功，先停一停", f"{TRIES} tries in a row: locked for a while")
    cure = say(
        f"{LOCKED_MINUTES} 分钟后再试；忘了密码就请管理员重设",
        f"Try again in {LOCKED_MINUTES} minutes, or ask for a reset",
    )
    return render(request, "portal/failure.html", {"what": what, "cure": cure}, status=429)


@scoped(Scope.OPEN)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    logout(request)
    return HttpResponseRedirect("/login")


@scoped(Scope.ACCOUNT)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("old_password", "new_password1", "new_password2")
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session of the account ends."""
    assert isinstance(request.user, User)
    form = ChangePassword(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        Remembered.objects.update_or_create(user=request.user, defaults={"must_change_password": False})
        update_session_auth_hash(request, request.user)
        return receipt.page(
            request, say("密码已改", "Password changed"), Link(say("回到首页", "Home"), "/"),
            following=say("别处登录的都已退出，请用新密码登录。", "Other sessions have ended."),
        )  # fmt: skip
    said: dict[str, Any] = {
        "form": form,
        "heading": say("改密码", "Change password"),
        "submit": say("保存新密码", "Save"),
        "back": "/me",
    }
    return render(request, "portal/form.html", said)


paths = [
    path("login", sign_in),
    path("logout", sign_out),
    path("stay", stay),
    path("password", password),
]
