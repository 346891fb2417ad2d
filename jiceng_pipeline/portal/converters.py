"""What may stand in an address: anything else is a page that does not exist."""

from django.urls import register_converter


class _AsItIs:
    """A text that is passed on unchanged."""

    regex = ""

    def to_python(self, value: str) -> str:
        """Return it."""
        return value

    def to_url(self, value: str) -> str:
        """Return it."""
        return value


class Division(_AsItIs):
    """A division's code, or `*` for all."""

    regex = r"(?:\d{12}|\d{9}|\d{6}|\d{4}|\d{2}|\*)"


class Name(_AsItIs):
    """A name of ours: a dataset, an element, a format."""

    regex = r"[a-z][a-z0-9_]{0,59}"


class Key(_AsItIs):
    """A surrogate key."""

    regex = r"[0-9a-f]{8,64}"


class Entity(_AsItIs):
    """A kind of thing that has a page of its own."""

    regex = "resident|household|enterprise"


def register() -> None:
    """Make them known to Django's `path`."""
    for name, converter in (("division", Division), ("name", Name), ("key", Key), ("entity", Entity)):
        register_converter(converter, name)
