"""练一练 and 使用说明: pages for whoever is new, open to everybody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from jiceng_pipeline.portal.practice import PLACE, TASKS
from jiceng_pipeline.portal.scopes import Scope, scoped


@scoped(Scope.OPEN)
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """List the tasks."""
    return render(request, "portal/practice.html", {"tasks": list(enumerate(TASKS, 1)), "place": PLACE})


@scoped(Scope.OPEN)
@require_GET
def task(request: HttpRequest, number: int) -> HttpResponse:
    """Show one task; what was pressed stands in the address, so there is nothing to be kept anywhere."""
    if not 1 <= number <= len(TASKS):
        raise Http404
    one, pressed = TASKS[number - 1], request.GET.get("pressed", "")
    at = int(pressed) if pressed.isascii() and pressed.isdigit() and len(pressed) < 3 else -1
    chosen = one.choices[at] if 0 <= at < len(one.choices) else None
    said = {
        "number": number,
        "last": len(TASKS),
        "task": one,
        "choices": list(enumerate(one.choices)),
        "chosen": chosen,
        "next": number + 1 if number < len(TASKS) else 0,
        "place": PLACE,
    }
    return render(request, "portal/practice_task.html", said)


@scoped(Scope.OPEN)
@require_GET
def guide(request: HttpRequest) -> HttpResponse:
    """Show the page to print and keep beside the computer."""
    return render(request, "portal/guide.html", {"tasks": TASKS})


paths = [path("practice", start), path("practice/<int:number>", task), path("guide", guide)]
