"""What was sent after its session had ended: carried through signing in and the second factor, to be sent again.

It stays in the reader's own pages, as hidden fields; nothing is stored here. It was sent with a token of ours, so no
other site can slip it in, and nothing is done with it until its sender presses a button once more.
"""

import json
from collections.abc import Sequence

from django.http import HttpRequest

_LONGEST = 64 * 1024
# of addresses whose fields go nowhere but into the page they belong to, or that mean nothing in another session
_LEFT = ("password", "second-factor", "/stay")
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105  the name of a field

Fields = Sequence[tuple[str, str]]
PRESS = "[]"  # a mere press of a button


def packed(request: HttpRequest) -> str:
    """Return what was sent, as one text; empty where nothing may be carried on."""
    if request.method != "POST" or request.FILES or any(word in request.path for word in _LEFT):
        return ""
    fields = [(name, value) for name, values in request.POST.lists() if name != _TOKEN for value in values]
    text = json.dumps(fields, ensure_ascii=False)
    return text if len(text) <= _LONGEST else ""


def unpacked(text: str) -> Fields | None:
    """Return (name, value) of each field; None for what is no text of `packed`."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = json.loads(text)
        return [(str(name), str(value)) for name, value in found if name != _TOKEN]
    except (ValueError, TypeError):
        return None
