"""步行 (walking): what is assumed of those who walk, in one file that everybody can see and an operator can change."""

import re
from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.settings import Settings

FILE = "walking.yaml"
_BUSINESS_DATE = re.compile(r":business_date\b")
_METRES_A_MINUTE = 1000 / 60  # at a kilometre an hour


class Profile(Document):
    """How some people walk. `rule` is SQL over governance.resident; whoever fits several is of the first."""

    title: str
    who: str
    rule: str
    km_per_hour: float = Field(gt=0, le=10)
    step_free: bool = False

    def minutes(self, metres: float) -> float:
        """Return how long so many metres take."""
        return metres / (self.km_per_hour * _METRES_A_MINUTE)

    def metres(self, minutes: float) -> float:
        """Return how far one gets in so many minutes."""
        return minutes * self.km_per_hour * _METRES_A_MINUTE

    @property
    def sql(self) -> str:
        """Return the rule as it stands in a select that has `standard.business_day` as `today`."""
        return _BUSINESS_DATE.sub("today.business_date", self.rule.strip())


class Walking(Document):
    """The assumptions: how many minutes are near, how crooked ways are, who walks how fast."""

    minutes: float = Field(gt=0)
    detour: float = Field(ge=1)
    snap_metres: float = Field(ge=0)
    profiles: dict[str, Profile] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_everybody(self) -> "Walking":
        if list(self.profiles.values())[-1].rule.strip() != "true":
            raise ValueError("profiles 的最后一种人 rule 应为 true，这样每个人都有一种走法")
        return self

    @property
    def profile_sql(self) -> str:
        """Return the SQL for the name of a resident's profile."""
        cases = " ".join(f"when {profile.sql} then '{name}'" for name, profile in self.profiles.items())
        return f"case {cases} end"


def walking(settings: Settings) -> Walking:
    """Return the operator's assumptions, else ours; raise DefinitionError where they are broken."""
    own = settings.services / FILE
    return _read(own if own.exists() else Path(__file__).with_name(FILE))


@cache
def _read(path: Path) -> Walking:
    return documents.read(path, Walking)
