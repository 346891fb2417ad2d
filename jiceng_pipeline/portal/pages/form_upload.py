"""交表: a form that was filled in comes back, and its sender is told at once what of each cell became."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.forms import readback
from jiceng_pipeline.forms.report import FATES, Report
from jiceng_pipeline.portal.caller import Link
from jiceng_pipeline.portal.configuration import LARGEST_UPLOAD
from jiceng_pipeline.portal.pages.registers import trail
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.scopes import Scope, caller, scoped
from jiceng_pipeline.portal.wording import say


class Filled(forms.Form):
    """The workbook."""

    file = forms.FileField()

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        field = self.fields["file"]
        field.label = say("填好的表", "The filled form")
        field.help_text = say("从这里下载、填好、保存过的那个 Excel 文件。", "The workbook you downloaded here.")
        field.error_messages |= {
            "required": say("请选一个文件", "Choose a file"),
            "empty": say("这个文件是空的，请重新保存后再交", "The file is empty"),
        }

    def clean_file(self) -> UploadedFile[Any]:
        """Return the file, unless it is too big."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_UPLOAD:
            raise forms.ValidationError(say("文件太大，超过 20 MB", "The file is larger than 20 MB"))
        return file


@scoped(Scope.PLACE)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, scope: str) -> HttpResponse:
    """Ask for the file, read it, and tell the fate of its cells."""
    form = Filled(request.POST, request.FILES) if request.method == "POST" else Filled()
    if request.method == "POST" and form.is_valid():
        try:
            report = _read(caller(request).account, form.cleaned_data["file"])
        except AccessDenied:
            raise
        except UsageError as refused:
            form.add_error("file", f"{refused.what}；{refused.cure}")
        else:
            counts = [(words, report.counts[fate]) for fate, words in FATES.items() if report.counts[fate]]
            told = {"report": report, "counts": counts, "lines": report.lines, "scope": scope, "trail": _trail(scope)}
            return render(request, "portal/form_report.html", told)
    said = {
        "form": form,
        "heading": say("交表", "Hand in a form"),
        "submit": say("交上去", "Hand in"),
        "back": f"/at/{scope}/forms",
        "enctype": "multipart/form-data",
        "trail": _trail(scope),
    }
    return render(request, "portal/form.html", said)


def _read(account: str, file: UploadedFile[Any]) -> Report:
    """Read it from a name of ours: the sender's own names no place on this machine."""
    with TemporaryDirectory(prefix="form-", dir=settings().home / "portal") as folder:
        kept = Path(folder) / "form.xlsx"
        with kept.open("wb") as out:
            for part in file.chunks():
                out.write(part)
        return readback.read(settings(), account, kept)


def _trail(scope: str) -> list[Link]:
    return [*trail(scope), Link(say("报表", "Forms"), f"/at/{scope}/forms")]


paths = [path("at/<division:scope>/forms/upload", upload)]
