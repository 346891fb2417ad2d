"""Profiles (对照): our elements beside a published local standard, one YAML a standard in `profiles/`.

A profile says by name where an element of ours stands in that standard, and nothing that was not read there: where
only the contents page or an account of the standard could be read, it names the class and leaves the name out.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.standard import register

PROFILES = Path(__file__).with_name("profiles")


class Place(Document):
    """Where an element stands: its class there, its name there where that was read, and what differs."""

    within: str = Field(min_length=1, description="part and class of the standard")
    name: str | None = None
    differs: str | None = None


class Profile(Document):
    """One standard; `read` says how much of it was read, `source` where."""

    profile: str
    number: str = Field(min_length=1)
    title: str = Field(min_length=1)
    issued_by: str = Field(min_length=1)
    read: Literal["text", "contents", "account"]
    source: str = Field(min_length=1)
    elements: dict[str, Place] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "Profile":
        if unknown := [name for name in self.elements if name not in register.elements()]:
            raise ValueError(f"没有数据元 {unknown[0]}")
        if self.read == "contents" and any(place.name for place in self.elements.values()):
            raise ValueError("只读到目次，不能写数据元在那里的名称")
        return self


@cache
def profiles(folder: Path = PROFILES) -> Mapping[str, Profile]:
    """Read every profile of a folder, by the name of its file; raise DefinitionError for a broken one."""
    return {path.stem: documents.read(path, Profile, profile=path.stem) for path in documents.files(folder)}
