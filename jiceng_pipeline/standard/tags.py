"""Tags (标签): one YAML a tag in `tags/`, found by scanning; the file's name is the tag's code.

A tag is what is true of a person or a household by a declared rule. It is as sensitive as the most sensitive
element it rests on, and hidden wherever one of them is.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.register import Element

TAGS = Path(__file__).with_name("tags")
_RANKS = ("public", "internal", "personal", "sensitive")
_BUSINESS_DATE = re.compile(r":business_date\b")


class Tag(Document):
    """One tag: what it means, the rule, and what the rule rests on.

    `rule` is portable SQL that holds for whoever has the tag, over one row of governance.resident as
    `resident` with its governance.household as `household` (of: resident), or over `household` alone; it may
    use `:business_date`. `since` is the SQL for the day from which it holds, where the data say so.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    of: Literal["resident", "household"]
    rule: str = Field(min_length=1)
    since: str = ""
    elements: tuple[str, ...] = Field(min_length=1)
    basis: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "Tag":
        if unknown := [name for name in self.elements if name not in register.elements()]:
            raise ValueError(f"没有数据元 {unknown[0]}")
        return self

    @property
    def rests_on(self) -> tuple[Element, ...]:
        """Return the elements whose values decide it."""
        return tuple(register.element(name) for name in self.elements)

    @property
    def sensitivity(self) -> str:
        """Return the highest sensitivity of the elements it rests on."""
        return max((each.sensitivity for each in self.rests_on), key=_RANKS.index)

    def sql(self, text: str) -> str:
        """Return `rule` or `since` as it stands in a select that has `standard.business_day` as `today`."""
        return _BUSINESS_DATE.sub("today.business_date", text.strip())


@cache
def tags(folder: Path = TAGS) -> Mapping[str, Tag]:
    """Read every tag below `folder`, keyed and ordered by code; raise DefinitionError on a broken one."""
    return {path.stem: documents.read(path, Tag, code=path.stem) for path in documents.files(folder)}
