"""收到 (receipt): the page that says what was done, under which receipt, what happens next, and where one may go."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jiceng_pipeline.portal.caller import Link


def page(request: HttpRequest, heading: str, *links: Link, receipt: str = "", following: str = "") -> HttpResponse:
    """Say that it is done; `following` is what happens next, the first of the links the one most will want."""
    said = {"heading": heading, "receipt": receipt, "next": following, "links": links}
    return render(request, "portal/done.html", said)
