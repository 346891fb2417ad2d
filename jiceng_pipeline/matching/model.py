"""How records of one entity are matched, as data: `matching/<entity>.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document

FOLDER = Path(__file__).parent


class Value(Document):
    """Something a record may hold several of, and share with others: telephones, doors, family numbers.

    `columns` are SQL over the record. A value that more than `holders` entities hold says nothing of
    any of them; it goes onto the stop-list of the model version.
    """

    columns: tuple[str, ...]
    holders: int | None = Field(default=None, gt=1)
    through_kin: bool = Field(default=False, description="a record also has the values of those it shares one with")


class Comparison(Document):
    """One thing that is compared: which kind (`comparisons/<kind>.py`), over which features or values.

    `weights`: bits for each level before anything was learned; where the data says little, they stand.
    """

    title: str
    kind: str
    features: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    weights: dict[str, float]
    is_identifier: bool = Field(default=False, description="it compares what the probes hide")


class Probes(Document):
    """How weights are learned: from at most `most` anchored records, one in `of` at most, identifiers masked."""

    most: int = 8_000
    of: int = 6
    spread_bits: float = Field(default=2.0, description="how far a weight is expected to lie from the declared one")


class Sure(Document):
    """A record that meets an entity in this block, and shares one of these values with it, is sought in no other."""

    block: tuple[str] | tuple[str, str]
    values: tuple[str, ...]


class Matching(Document):
    """`blocks` are what two records must share to be compared at all: features and values.

    A block that more than `widest` entities share is not used. `link`: the least weight, in bits, at
    which a record joins an entity; `margin`: how far the second best must lie below; `pool`: the least
    weight between two records without a usable identifier.
    """

    entity: str
    title: str
    records: str
    identifier: str
    compatible: Literal["name", "any"]
    reference_systems: tuple[str, ...]
    features: dict[str, str] = Field(description="SQL over the record; `is_borrowed`: its identifier is another's")
    values: dict[str, Value]
    blocks: tuple[tuple[str] | tuple[str, str], ...]
    sure: Sure | None = None
    widest: int = Field(gt=1)
    comparisons: dict[str, Comparison]
    prior: float = Field(description="bits with which every pair begins")
    link: float
    margin: float
    pool: float
    probes: Probes = Probes()

    @model_validator(mode="after")
    def _consistent(self) -> "Matching":
        known = {*self.features, *self.values}
        for block in self.blocks:
            if missing := [part for part in block if part not in known]:
                raise ValueError(f"blocks 用到了没有声明的 {missing[0]}")
        if self.sure and self.sure.block not in self.blocks:
            raise ValueError(f"sure 用到了 blocks 里没有的 {self.sure.block}")
        if self.sure and (missing := [name for name in self.sure.values if name not in self.values]):
            raise ValueError(f"sure 用到了没有声明的 {missing[0]}")
        for comparison in self.comparisons.values():
            if missing := [part for part in (*comparison.features, *comparison.values) if part not in known]:
                raise ValueError(f"comparisons 用到了没有声明的 {missing[0]}")
        return self

    def faced(self) -> tuple[str, ...]:
        """Return the features of which an entity may have several, the best of which counts."""
        single = {"place_taken", "together"}
        every = (name for each in self.comparisons.values() if each.kind not in single for name in each.features)
        return tuple(dict.fromkeys(every))

    def counted(self) -> tuple[str, ...]:
        """Return the feature whose bearers are counted, where there is one."""
        return tuple(each.features[0] for each in self.comparisons.values() if each.kind == "namesakes")[:1]

    def blocking(self) -> set[int]:
        """Return the places of the values that blocks are made of."""
        used = {part for block in self.blocks for part in block}
        return {place for place, name in enumerate(self.values) if name in used}

    def blocked(self) -> tuple[str, ...]:
        """Return the features that blocks are made of."""
        return tuple(dict.fromkeys(part for block in self.blocks for part in block if part in self.features))


@cache
def matchings(folder: Path = FOLDER) -> Mapping[str, Matching]:
    """Read every `<entity>.yaml` of this folder."""
    return {path.stem: documents.read(path, Matching, entity=path.stem) for path in documents.files(folder)}
