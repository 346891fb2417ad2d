"""我的名单 (saved lists): a clerk chooses tags and columns; who is on the list is asked anew each time it is opened."""

from typing import Any
from urllib.parse import quote

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.exchange import saved_list
from jiceng_pipeline.ledger.kinds.saved_list import SavedList
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.pages import second_factor
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say, worded
from jiceng_pipeline.returns import datasets
from jiceng_pipeline.standard.tags import tags

SHOWN = 200
_FEWEST_DIGITS = 4  # a list is of a city at most
_USUAL = ("name", "sex_code", "birth_date", "dwelling_address", "phone")
_NOT_OFFERED = {"community_code", "community_name", "system_count", "source_systems", "source_date", "tags"}


class Wanted(forms.Form):
    """What the list is called, who is on it, what it shows."""

    title = forms.CharField(max_length=40)
    tags = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    without = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)
    columns = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, initial=_USUAL)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        known = [(code, tag.title) for code, tag in tags().items() if tag.of == "resident"]
        register = datasets.find(settings(), saved_list.REGISTER)
        shown = [
            (name, element.title)
            for name, element in register.elements.items()
            if (name not in _NOT_OFFERED and not name.endswith("_id")) or name == "citizen_id"
        ]
        for name, choices in (("tags", known), ("without", known), ("columns", shown)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        worded(self.fields["title"], say("名单叫什么", "What it is called"))
        both = say("选了几样，就是几样都占的人", "Who is all of these")
        worded(self.fields["tags"], say("哪些人", "Who"), both, say("至少选一样", "Choose at least one"))
        worded(self.fields["without"], say("不要哪些人", "Not those"))
        worded(self.fields["columns"], say("要看哪些列", "Which columns"), missing=say("至少选一列", "Choose one"))


@scoped(Scope.PLACE, act="save_list")
@require_GET
def listed(request: HttpRequest, scope: str) -> HttpResponse:
    """List the lists the reader keeps for this place."""
    rows = [(each, "、".join(tags()[tag].title for tag in each.tags)) for each in _of(request, scope)]
    said = {"scope": scope, "place": place_names.title(scope), "rows": rows, "trail": _trail(scope)}
    return render(request, "portal/saved_lists.html", said)


@scoped(Scope.PLACE, act="save_list")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, scope: str) -> HttpResponse:
    """Put a list together."""
    if not scope.isdigit() or len(scope) < _FEWEST_DIGITS:
        raise Http404
    form = Wanted(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        wanted = SavedList(
            account=caller(request).account, title=" ".join(said["title"].split()), scope=scope,
            tags=tuple(said["tags"])[:10], without=tuple(said["without"])[:10], columns=tuple(said["columns"])[:30],
        )  # fmt: skip
        with open_ledger(settings()) as ledger:
            if wanted.title not in {each.title for each in saved_list.of(ledger, wanted.account)}:
                saved_list.save(settings(), ledger, wanted)
                return HttpResponseRedirect(f"/at/{scope}/lists/open?title={quote(wanted.title)}")
        # saved, it would be in the place of the other, also of another division
        form.add_error("title", say("您已有一份叫这个名字的名单，换一个名字", "You have a list of that name already"))
    told = {
        "form": form,
        "heading": say("新建名单", "A new list"),
        "submit": say("保存并打开", "Save and open"),
        "back": f"/at/{scope}/lists",
        "trail": [*_trail(scope), Link(say("我的名单", "My lists"), f"/at/{scope}/lists")],
    }
    return render(request, "portal/form.html", told)


@scoped(Scope.PLACE, act="save_list")
@require_http_methods(["GET", "POST"])
def opened(request: HttpRequest, scope: str) -> HttpResponse:
    """Show who is on a list now, or give the list up."""
    title = request.GET.get("title", "")
    found = next((each for each in _of(request, scope) if each.title == title), None)
    if found is None:
        raise Http404
    if request.method == "POST":
        with open_ledger(settings()) as ledger:
            saved_list.save(settings(), ledger, found.model_copy(update={"is_removed": True}))
        return HttpResponseRedirect(f"/at/{scope}/lists")
    if first := second_factor.asked(request):
        return first
    page = saved_list.open_list(settings(), actor=caller(request).account, title=title, limit=SHOWN, channel="page")
    few = [at for at, each in enumerate(page.columns) if each.id != "resident_id"]
    key = next(at for at, each in enumerate(page.columns) if each.id == "resident_id")
    said = {
        "scope": scope,
        "title": title,
        "who": page.purpose,
        "as_of": page.as_of,
        "columns": [page.columns[at] for at in few],
        "rows": [(row[key], [(page.columns[at], row[at]) for at in few]) for row in page.rows],
        "total": page.total,
        "trail": [*_trail(scope), Link(say("我的名单", "My lists"), f"/at/{scope}/lists")],
    }
    return render(request, "portal/saved_list.html", said)


def _of(request: HttpRequest, scope: str) -> list[SavedList]:
    with open_ledger(settings()) as ledger:
        return [each for each in saved_list.of(ledger, caller(request).account) if each.scope == scope]


def _trail(scope: str) -> list[Link]:
    return [*trail(scope), Link(say("名单提醒", "Lists"), f"/at/{scope}/apps")]


_AT = "at/<division:scope>/lists"
paths = [path(_AT, listed), path(f"{_AT}/new", new), path(f"{_AT}/open", opened)]
