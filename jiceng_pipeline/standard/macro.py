"""How a DuckDB macro is spelled, with names for intermediate values.

A macro is expanded as text, so an argument used twice is computed twice, and nested macros explode.
`let` binds a value once, through a one-element list and a lambda (0.1 µs a row).
"""


def literal(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def macro(name: str, arguments: str, body: str) -> str:
    """Return the statement that creates or replaces a macro."""
    return f"create or replace macro {name}({arguments}) as {body}"


class let:
    """`let(value, "v").let("f(v)", "w").then("g(v, w)")`: SQL in which v and w are computed once."""

    def __init__(self, value: str, name: str, outer: "let | None" = None) -> None:
        self._value, self._name, self._outer = value, name, outer

    def let(self, value: str, name: str) -> "let":
        """Bind another value, which may use those bound before."""
        return let(value, name, self)

    def then(self, body: str) -> str:
        """Return the SQL expression of `body` with the bound names."""
        bound = f"list_transform([{self._value}], lambda {self._name}: {body})[1]"
        return self._outer.then(bound) if self._outer else bound
