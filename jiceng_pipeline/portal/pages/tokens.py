"""接口口令 (tokens) of one's own account, for programs: made after the second factor, shown once, ended at will."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.portal import tokens
from jiceng_pipeline.portal.models import Token
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.scopes import Scope, scoped
from jiceng_pipeline.portal.wording import say


class Wanted(forms.Form):
    """What a token is for."""

    title = forms.CharField(max_length=60)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["title"].label = say("给什么程序用", "For which program")
        self.fields["title"].error_messages["required"] = say("请写明给什么程序用", "Say for which program")


@scoped(Scope.ACCOUNT)
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List the tokens; make or end one."""
    if first := second_factor.asked(request):
        return first
    assert isinstance(request.user, User)
    form, made = Wanted(request.POST if "title" in request.POST else None), ""
    if request.method == "POST":
        number = request.POST.get("end", "")
        if number.isascii() and number.isdigit():
            tokens.end(request.user, int(number[:12]))
        elif form.is_valid():
            made = tokens.make(request.user, form.cleaned_data["title"])
    held = Token.objects.filter(user=request.user, ended=None)
    said = {"form": form if form.errors else Wanted(), "made": made, "held": held, "days": tokens.KEPT_DAYS}
    return render(request, "portal/tokens.html", said)


paths = [path("tokens", page)]
