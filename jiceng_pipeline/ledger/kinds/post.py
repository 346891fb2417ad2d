"""Who holds which post where and until when (岗位); what a post implies is declared with its role."""

from pydantic import AwareDatetime, Field

from jiceng_pipeline.ledger.kind import Body


class Post(Body):
    """`scope` is the division the post is for, `*` where it is for none; `systems` those a department answers for.

    A later event with the same subject replaces it: other systems, prolonged, or ended with `until` = now.
    """

    account: str = Field(pattern=r"^[\w.@+-]{1,64}$")
    role: str = Field(pattern=r"^[a-z][a-z_]{1,30}$")
    scope: str = Field(pattern=r"^(\*|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")
    systems: tuple[str, ...] = ()
    until: AwareDatetime | None = None
    given_by: str = Field(min_length=1, max_length=64)

    @property
    def subject(self) -> str:
        """Return the name of the post; an account's posts all begin with its name."""
        return f"{self.account}/{self.role}/{self.scope}"
