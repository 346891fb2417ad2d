"""What the chrome says, in Chinese or English; data are always in the language they came in."""

from django.forms import Field
from django.utils.translation import get_language

SITE = "基层数据服务台"


def say(chinese: str, english: str) -> str:
    """Return the words of the reader's language."""
    return english if (get_language() or "").startswith("en") else chinese


def worded(field: Field, title: str, hint: str = "", missing: str = "") -> None:
    """Give a field of a form its label, its hint, and what is said where it was left out or cannot be read."""
    field.label, field.help_text = title, hint
    what = missing or say(f"请填写：{title}", f"Enter: {title}")
    field.error_messages |= {"required": what, "invalid": what, "invalid_choice": what}
