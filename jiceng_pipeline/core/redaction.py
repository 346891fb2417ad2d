"""What a library says of a failure may quote the data; this keeps the words and drops the values."""

import re

_QUOTED = re.compile(r"""(['"`“”‘’「])(?:(?!['"`“”‘’」]).){1,200}?(['"`“”‘’」])""", re.DOTALL)
_HAN = re.compile(r"[\u3400-\u9fff\ue000-\uf8ff\U00020000-\U0003ffff]{2,}")
_DIGITS = re.compile(r"[0-9０-９Xx]{6,}")
_LIMIT = 300


def redacted(message: object) -> str:
    """Return one line of `message` without quoted text, Chinese words or runs of six or more digits."""
    text = " ".join(str(message).split())
    for pattern in (_QUOTED, _DIGITS, _HAN):
        text = pattern.sub("…", text)
    return text[:_LIMIT]
