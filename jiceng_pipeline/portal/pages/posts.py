"""岗位 (posts), for the security administrator: who holds which, given and ended; no data is seen here."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods
from pydantic import ValidationError

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access, communities, holding, posts, roles


class Wanted(forms.Form):
    """Who is to hold which post where."""

    account = forms.CharField(max_length=64)
    role = forms.ChoiceField()
    scope = forms.CharField(max_length=12, required=False)
    systems = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["account"].label = say("账号", "Account")
        self.fields["account"].error_messages["required"] = say("请填写账号", "Enter the account")
        self.fields["role"].label = say("岗位", "Post")
        self.fields["scope"].label = say("区划代码", "Division")
        self.fields["scope"].help_text = say(
            "社区十二位、街道九位、区县六位、市四位；部门和管理员不填", "12, 9, 6 or 4 digits; empty for others"
        )
        self.fields["systems"].label = say("部门的系统（部门岗位才选）", "Systems, for department posts")
        for name, choices in (
            ("role", [(each.code, each.title) for each in roles.roles().values()]),
            ("systems", [(name, each.title) for name, each in contracts().items()]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


@scoped(Scope.ACT, act="give_post")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List who holds which post; give or end one."""
    if first := second_factor.asked(request):
        return first
    form, receipt = Wanted(request.POST if "account" in request.POST else None), ""
    if request.method == "POST":
        try:
            receipt = _done(request, form)
        except UsageError as wrong:
            form.add_error(None, f"{wrong.what}；{wrong.cure}") if form.is_bound else None
    with open_ledger(settings()) as ledger:
        held = [(entry.subject, roles.find(entry.body.role).title, entry.body) for entry in holding.everybody(ledger)]
    said = {"form": form if form.is_bound and form.errors else Wanted(), "held": held, "receipt": receipt}
    return render(request, "portal/posts.html", said)


def _done(request: HttpRequest, form: Wanted) -> str:
    """Give or end, and return the receipt; nothing where the form is wrong."""
    account = caller(request).account
    with open_ledger(settings()) as ledger:
        if subject := request.POST.get("end"):
            access.permit(ledger, account, "end_post")
            return posts.end(ledger, subject, account).receipt
        if not form.is_valid():
            return ""
        access.permit(ledger, account, "give_post")
        said = form.cleaned_data
        try:
            wanted = Post(
                account=said["account"], role=said["role"], scope=_scope(said["scope"].strip()),
                systems=tuple(said["systems"]), given_by=account,
            )  # fmt: skip
        except ValidationError:
            raise UsageError("账号或区划代码的写法不对", cure="核对后再填") from None
        return posts.give(ledger, wanted).receipt


def _scope(said: str) -> str:
    """Return the code of a division there is; a post for one there is not covers nothing, and nobody would notice."""
    return communities.find(settings(), said).code if said.isdecimal() else said or posts.NO_DIVISION


paths = [path("posts", page)]
