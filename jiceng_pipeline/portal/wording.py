"""What the chrome says, in Chinese or English; data are always in the language they came in."""

from django.utils.translation import get_language

SITE = "基层数据服务台"


def say(chinese: str, english: str) -> str:
    """Return the words of the reader's language."""
    return english if (get_language() or "").startswith("en") else chinese
