"""A list that somebody put together of tags and columns (自定义名单): what it holds, never whom."""

from pydantic import Field

from jiceng_pipeline.ledger.kind import Body


class SavedList(Body):
    """`tags` must all hold of a resident on the list, none of `without`; `columns` are shown in this order.

    A later event with the same subject replaces it; with `is_removed` it is gone.
    """

    account: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=1, max_length=40)
    scope: str = Field(pattern=r"^([0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")
    tags: tuple[str, ...] = Field(min_length=1, max_length=10)
    without: tuple[str, ...] = Field(default=(), max_length=10)
    columns: tuple[str, ...] = Field(min_length=1, max_length=30)
    is_removed: bool = False

    @property
    def subject(self) -> str:
        """Return whose list it is and what it is called."""
        return f"{self.account}:{self.title}"
