"""Who may see which rows of which datasets, how, what for and until when (授权)."""

from hashlib import sha256
from typing import Literal

from pydantic import AwareDatetime, Field

from jiceng_pipeline.ledger.chain import canonical
from jiceng_pipeline.ledger.kind import Body

Profile = Literal["full", "check", "posted", "statistics"]
Everything = Literal["*"]


class Grant(Body):
    """`scope` is a division code that the community's code begins with; `*` stands for all.

    A later event with the same subject replaces it, so the same rights are prolonged, or ended with
    `until` = now. `until` is the first instant at which it no longer holds; None: no end. `elements` are the
    columns that may be read; rights over all of them are named as they were before there was a choice. `request` is
    what they were given upon: of two requests for the same each has rights, and an end, of its own.
    """

    actor: str = Field(min_length=1, max_length=64)
    scope: str = Field(pattern=r"^(\*|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")
    datasets: tuple[str, ...] | Everything
    profiles: tuple[Profile, ...]
    purposes: tuple[str, ...] | Everything
    elements: tuple[str, ...] | Everything = "*"
    request: str | None = None
    until: AwareDatetime | None = None
    granted_by: str = Field(min_length=1, max_length=64)

    @property
    def subject(self) -> str:
        """Return the name of these rights: a hash of who may do what, without until when."""
        rights = self.model_dump(mode="json", exclude={"until", "granted_by"})
        for name, unsaid in (("elements", "*"), ("request", None)):
            if rights[name] == unsaid:
                del rights[name]
        ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in rights.items()}
        return sha256(canonical(ordered).encode()).hexdigest()[:16]
