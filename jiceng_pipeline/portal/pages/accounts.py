"""账号 (accounts), for the system administrator: made, reset, closed. What they may see is not decided here."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import accounts
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access

_ACTS = {"make": "make_account", "reset": "reset_account", "end": "end_account"}


class Wanted(forms.Form):
    """An account and what is to be done with it."""

    account = forms.CharField(max_length=64, validators=[RegexValidator(r"^[\w.@+-]{1,64}$")])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        field = self.fields["account"]
        field.label = say("新账号的名字", "Name of the new account")
        field.help_text = say("用字母、数字或汉字，如 hongqiao01", "Letters and digits")
        field.error_messages |= {
            "required": say("请填写账号的名字", "Enter a name"),
            "invalid": say("名字只能用字母、数字、汉字和 . @ + - _", "Letters, digits and . @ + - _ only"),
        }


@scoped(Scope.ACT, act="make_account")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List the accounts; make, reset or close one."""
    if first := second_factor.asked(request):
        return first
    form, made = Wanted(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = _done(request, request.POST.get("what", "make"), form.cleaned_data["account"])
        except UsageError as wrong:
            form.add_error("account", wrong.what)
    users = User.objects.order_by("username").values_list("username", "is_active", "last_login")
    said = {"form": form if form.errors else Wanted(), "made": made, "users": users}
    return render(request, "portal/accounts.html", said)


def _done(request: HttpRequest, what: str, account: str) -> dict[str, str]:
    """Do it, and return what is shown once."""
    if what not in _ACTS:
        raise UsageError("没有这个操作")
    with open_ledger(settings()) as ledger:
        access.permit(ledger, caller(request).account, _ACTS[what])
    if what == "end" and account == caller(request).account:  # the last one would leave nobody to make another
        raise UsageError("不能停用自己的账号，请另一位系统管理员来办")
    if what == "end":
        accounts.end(account)
        return {"account": account, "password": ""}
    return {"account": account, "password": accounts.make(account) if what == "make" else accounts.reset(account)}


paths = [path("accounts", page)]
