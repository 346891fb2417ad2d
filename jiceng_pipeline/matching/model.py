"""How records of one entity are matched, as data: `matching/<entity>.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document

FOLDER = Path(__file__).parent


class AnyOf(Document):
    """A part of a key that agrees where any of these columns of one record equals any of the other's."""

    any: tuple[str, ...]


class Matching(Document):
    """`keys` are what records without a usable identifier must share in full to be one entity."""

    entity: str
    title: str
    records: str
    identifier: str
    compatible: Literal["name", "any"]
    reference_systems: tuple[str, ...]
    keys: dict[str, tuple[str | AnyOf, ...]]


@cache
def matchings(folder: Path = FOLDER) -> Mapping[str, Matching]:
    """Read every `<entity>.yaml` of this folder."""
    return {path.stem: documents.read(path, Matching, entity=path.stem) for path in documents.files(folder)}
