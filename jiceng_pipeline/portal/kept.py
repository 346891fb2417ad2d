"""What was typed into a page after its session had ended: carried through signing in, and shown to be sent again.

It stays in the reader's own pages, as hidden fields; nothing is stored here. It was sent with a token of ours, so no
other site can slip it in, and nothing is done with it until its sender presses a button once more.
"""

import json
from collections.abc import Sequence

from django.http import HttpRequest

_LONGEST = 64 * 1024
_SECRET = ("password", "second-factor")  # of addresses whose fields go nowhere but into the page they belong to
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105  the name of a field

Fields = Sequence[tuple[str, str]]


def packed(request: HttpRequest) -> str:
    """Return what was sent, as one text; empty where there is nothing that may be carried on."""
    if request.method != "POST" or any(word in request.path for word in _SECRET):
        return ""
    fields = [(name, value) for name, values in request.POST.lists() if name != _TOKEN for value in values]
    text = json.dumps(fields, ensure_ascii=False) if fields else ""
    return text if len(text) <= _LONGEST else ""


def unpacked(text: str) -> Fields:
    """Return (name, value) of each field; nothing for what is no text of `packed`."""
    if not text or len(text) > _LONGEST:
        return ()
    try:
        found = json.loads(text)
        return [(str(name), str(value)) for name, value in found if name != _TOKEN]
    except (ValueError, TypeError):
        return ()
