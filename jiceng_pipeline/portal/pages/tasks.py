"""任务 (instructions): what a community has to do and by when, and for those above who is done, who is late."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import instruction
from jiceng_pipeline.ledger.kinds.instruction import Instruction
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import drawing, place_names, receipt, work
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.ended import ended
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say, worded

_COMMUNITY_DIGITS = 12
_DRAWN = 25  # more parts than that are told by the table alone


class Answer(forms.Form):
    """Is it done?"""

    verdict = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("done", "办好了"), ("cannot", "办不了（下面写明原因）")]
    )
    text = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        worded(self.fields["verdict"], say("办得怎么样？", "How did it go?"), missing=say("请选一项", "Choose one"))
        worded(self.fields["text"], say("说明（不写个人信息）", "A word, without personal values"))

    def clean(self) -> dict[str, Any]:
        """Who cannot says why."""
        found = super().clean() or {}
        if found.get("verdict") == "cannot" and not found.get("text", "").strip():
            self.add_error("text", say("办不了要写明原因", "Say why it cannot be done"))
        return found


class Wanted(forms.Form):
    """What is to be done, by whom, until when."""

    title = forms.CharField(max_length=100)
    text = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    scope = forms.CharField(max_length=12)
    due_date = forms.DateField(input_formats=["%Y-%m-%d"])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        worded(self.fields["title"], say("办什么事", "What is to be done"))
        worded(self.fields["text"], say("怎么办（不写个人信息）", "How, without personal values"))
        worded(
            self.fields["scope"],
            say("下达给哪里", "For which division"),
            say("区划代码，里面每个社区各收到一份", "A division's code: every community in it has it once"),
        )
        due = self.fields["due_date"]
        example = say("写成 2026-12-20 这样", "Like 2026-12-20")
        worded(due, say("哪天前办好", "By which day"), example, say(f"期限不对：{example}", f"No day: {example}"))


@scoped(Scope.PLACE)
@require_GET
def of_place(request: HttpRequest, scope: str) -> HttpResponse:
    """List the tasks of a division, those due first."""
    with open_ledger(settings()) as ledger:
        work.looked_at(ledger, caller(request).account, work.TASKS, scope)
        found = instruction.tasks(settings(), ledger, scope)
    said = {
        "scope": scope,
        "place": place_names.title(scope),
        "is_community": len(scope) == _COMMUNITY_DIGITS,
        "at": f"/at/{scope}/tasks",
        "tasks": found,
        "ended": ended(),
        "may_give": caller(request).may("give_task") and len(scope) < _COMMUNITY_DIGITS,
        "trail": trail(scope),
    }
    return render(request, "portal/tasks.html", said)


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def one_of_place(request: HttpRequest, scope: str, key: str) -> HttpResponse:
    """Show one task: a community answers it, those above see how far it is."""
    is_community = len(scope) == _COMMUNITY_DIGITS
    form = Answer(request.POST if request.method == "POST" else None)
    with open_ledger(settings()) as ledger:
        work.looked_at(ledger, caller(request).account, work.TASKS, scope)
        found = next(
            (t for t in instruction.tasks(settings(), ledger, scope) if t.instruction.instruction_id == key), None
        )
        if found is None:
            raise Http404
        if is_community and request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            event = instruction.answer(
                settings(), ledger, key, scope, caller(request).account, verdict=said["verdict"], text=said["text"]
            )
            return _done(request, say("已报告上级", "Reported"), event.receipt, f"/at/{scope}/tasks")
        parts = {} if is_community else _progress(instruction.roll_up(settings(), ledger, key, scope))
    told = {
        "scope": scope,
        "task": found.instruction,
        "ended": ended(),
        "answer": found.answer,
        "is_late": found.is_late,
        "is_community": is_community,
        "form": form,
        "trail": [*trail(scope), Link(say("任务", "Tasks"), f"/at/{scope}/tasks")],
        **parts,
    }
    return render(request, "portal/task.html", told)


@scoped(Scope.PLACE, act="give_task")
@require_http_methods(["GET", "POST"])
def give_in_place(request: HttpRequest, scope: str) -> HttpResponse:
    """Give a task to the communities of a division."""
    return _give(
        request, f"/at/{scope}/tasks", [*trail(scope), Link(say("任务", "Tasks"), f"/at/{scope}/tasks")], scope
    )


@scoped(Scope.ACT, act="give_task")
@require_GET
def of_giver(request: HttpRequest) -> HttpResponse:
    """List the tasks this account has given."""
    with open_ledger(settings()) as ledger:
        every = instruction.tasks(settings(), ledger, "*")
    found = [each for each in every if each.instruction.issued_by == caller(request).account]
    said = {
        "tasks": found,
        "ended": ended(),
        "at": "/tasks",
        "may_give": True,
        "place": say("下达的任务", "Tasks given"),
    }
    return render(request, "portal/tasks.html", said)


@scoped(Scope.ACT, act="give_task")
@require_GET
def one_of_giver(request: HttpRequest, key: str) -> HttpResponse:
    """Show how far a task is that this account has given."""
    with open_ledger(settings()) as ledger:
        try:
            found = instruction.find(ledger, key)
        except UsageError:
            raise Http404 from None
        if found.issued_by != caller(request).account:
            raise Http404
        parts = _progress(instruction.roll_up(settings(), ledger, key))
    steps = [Link(say("任务", "Tasks"), "/tasks")]
    return render(request, "portal/task.html", {"task": found, "ended": ended(), "trail": steps, **parts})


@scoped(Scope.ACT, act="give_task")
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Give a task to the communities of any division."""
    return _give(request, "/tasks", [Link(say("任务", "Tasks"), "/tasks")])


def _give(request: HttpRequest, back: str, steps: list[Link], scope: str = "") -> HttpResponse:
    form = Wanted(request.POST if request.method == "POST" else None, initial={"scope": scope})
    if request.method == "POST" and form.is_valid():
        try:
            made = _given(caller(request).account, form.cleaned_data)
        except UsageError as wrong:
            form.add_error(None, f"{wrong.what}；{wrong.cure}")
        else:
            return _done(request, say(f"已下达：{made.title}", f"Given: {made.title}"), made.instruction_id, back)
    said = {
        "form": form,
        "heading": say("下达任务", "Give a task"),
        "submit": say("下达", "Give"),
        "back": back,
        "trail": steps,
    }
    return render(request, "portal/form.html", said)


def _given(account: str, said: dict[str, Any]) -> Instruction:
    with open_ledger(settings()) as ledger:
        return instruction.issue(
            settings(), ledger, account, title=said["title"], text=said["text"], scope=said["scope"].strip(),
            due_date=said["due_date"],
        )  # fmt: skip


def _done(request: HttpRequest, heading: str, number: str, back: str) -> HttpResponse:
    return receipt.page(request, heading, Link(say("回到任务", "Back to the tasks"), back), receipt=number)


def _progress(found: Any) -> dict[str, Any]:
    """Return the whole and its parts in words, with a picture of who is done."""
    (top, whole), *parts = found.items()
    rows = [(code, place_names.title(code), tally) for code, tally in parts]
    kinds = (say("办好", "done"), say("办不了", "cannot"), say("没有答复", "waiting"))
    bars = [(name, (tally.done, tally.cannot, tally.waiting)) for _, name, tally in rows]
    sentence = (
        f"共 {whole.communities:,} 个社区，办好 {whole.done:,} 个，办不了 {whole.cannot:,} 个，超期 {whole.late:,} 个。"
    )
    return {
        "top": place_names.title(top),
        "whole": whole,
        "rows": rows,
        "sentence": sentence,
        "picture": drawing.stacked(bars, kinds, sentence) if 0 < len(bars) <= _DRAWN else "",
    }


_AT = "at/<division:scope>/tasks"
paths = [
    path(_AT, of_place),
    path(f"{_AT}/new", give_in_place),
    path(f"{_AT}/<key:key>", one_of_place),
    path("tasks", of_giver),
    path("tasks/new", give),
    path("tasks/<key:key>", one_of_giver),
]
