"""第二道验证 (the second factor): set up, given once a session; and printed one-time codes for the drawer."""

from io import BytesIO
from typing import Any
from urllib.parse import quote

import django_otp
import segno
from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from jiceng_pipeline.portal import kept
from jiceng_pipeline.portal.scopes import Scope, scoped
from jiceng_pipeline.portal.wording import say

CODES = 10


class Code(forms.Form):
    """Six digits from the telephone, or a printed code."""

    code = forms.CharField(max_length=16)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["code"].label = say("验证码", "Code")
        self.fields["code"].help_text = say(
            "手机上的六位数字，或打印的备用码中的一个", "Six digits from your telephone, or one of the printed codes"
        )
        self.fields["code"].error_messages["required"] = say("请填写验证码", "Enter the code")
        self.fields["code"].widget.attrs |= {"inputmode": "text", "autocomplete": "one-time-code"}

    def clean_code(self) -> str:
        """Return the code without blanks and dashes."""
        return "".join(sign for sign in str(self.cleaned_data["code"]) if sign.isalnum()).lower()


def asked(request: HttpRequest) -> HttpResponse | None:
    """Return where to go for the second factor first, with what was sent; None where this session has given it."""
    assert isinstance(request.user, User)
    if request.user.is_verified():  # type: ignore[attr-defined]
        return None
    has_one = TOTPDevice.objects.filter(user=request.user, confirmed=True).exists()
    if has_one and (typed := kept.packed(request)):
        return _shown(request, Code(), request.get_full_path(), typed)
    step = "/second-factor" if has_one else "/second-factor/new"
    return HttpResponseRedirect(f"{step}?next={quote(request.get_full_path())}")


def _wanted(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/me"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/me"


@scoped(Scope.ACCOUNT)
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Ask for a code; a right one holds for this session."""
    form, typed = Code(request.POST if request.method == "POST" else None), request.POST.get("kept", "")
    if request.method == "POST" and form.is_valid():
        device = django_otp.match_token(request.user, form.cleaned_data["code"])
        if device is not None:
            django_otp.login(request, device)
            if (fields := kept.unpacked(typed)) is not None:
                return render(request, "portal/resume.html", {"next": _wanted(request), "fields": fields})
            return HttpResponseRedirect(_wanted(request))
        form.add_error("code", say("验证码不对，等下一个再试", "Not right; wait for the next one"))
    return _shown(request, form, _wanted(request), typed)


def _shown(request: HttpRequest, form: Code, wanted: str, typed: str) -> HttpResponse:
    said = {"form": form, "next": wanted, "kept": typed, "heading": say("第二道验证", "Second factor")}
    return render(request, "portal/second_factor.html", said)


@scoped(Scope.ACCOUNT)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Show a code to photograph, and ask for what the telephone makes of it."""
    assert isinstance(request.user, User)
    if TOTPDevice.objects.filter(user=request.user, confirmed=True).exists() and not request.user.is_verified():  # type: ignore[attr-defined]
        return HttpResponseRedirect("/second-factor")
    device = _unconfirmed(request.user)
    form = Code(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["code"]):
            TOTPDevice.objects.filter(user=request.user, confirmed=True).delete()
            device.confirmed = True
            device.save()
            django_otp.login(request, device)
            return _with_codes(request, _wanted(request))
        form.add_error("code", say("验证码不对，看看手机的时间准不准", "Not right; is your telephone's clock right?"))
    said = {
        "form": form,
        "next": _wanted(request),
        "heading": say("设置第二道验证", "Set up the second factor"),
        "picture": _picture(device.config_url),
        "key": _grouped(device.bin_key),
    }
    return render(request, "portal/second_factor.html", said)


def _unconfirmed(user: User) -> TOTPDevice:
    """Return the one device that is being set up, also where the page is opened twice at once."""
    with transaction.atomic():  # nobody else writes meanwhile
        found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("pk").first()
        return found or TOTPDevice.objects.create(user=user, confirmed=False, name="telephone")


@scoped(Scope.ACCOUNT)
@require_POST
def codes(request: HttpRequest) -> HttpResponse:
    """Make ten new one-time codes; the old ones no longer hold."""
    return asked(request) or _with_codes(request, "/me")


def _with_codes(request: HttpRequest, onward: str) -> HttpResponse:
    device, _ = StaticDevice.objects.get_or_create(user=request.user, defaults={"name": "paper"})
    device.token_set.all().delete()
    made = [StaticToken.random_token() for _ in range(CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=token) for token in made)
    return render(request, "portal/codes.html", {"codes": made, "next": onward})


def _picture(address: str) -> str:
    """Return the QR code as inline SVG: no picture leaves this page, and none is fetched."""
    out = BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True, dark="#000"
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308  drawn by us from digits and our own words


def _grouped(key: bytes) -> str:
    from base64 import b32encode

    text = b32encode(key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


paths = [path("second-factor", give), path("second-factor/new", new), path("second-factor/codes", codes)]
