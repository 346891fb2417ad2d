"""Which places JSON objects have, and which columns they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jiceng_pipeline.connectors import columns, json_values
from jiceng_pipeline.connectors.base import Source
from jiceng_pipeline.core.errors import DefinitionError


@dataclass
class Shape:
    """Which places the objects have, and which columns they are."""

    source: Source
    fields: dict[str, str] | None
    seen: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fields = self.fields or {name: name for name in self.source.columns}
        self._column_of = {place: column for column, place in fields.items()}
        parts = [place.split("/") if self.fields else [place] for place in self._column_of]
        self._parents = {"/".join(names[:end]) for names in parts for end in range(1, len(names))}
        if self._parents & set(self._column_of) or len(self._column_of) < len(fields):
            raise DefinitionError(
                "fields 里有两列指向同一处", where=f"合同 {self.source.system}", cure="每一列指向自己的路径"
            )

    def values(self, records: list[dict[str, Any]], above: str = "") -> tuple[dict[str, Sequence[Any]], list[int]]:
        """Return place → value of each record, and which records have a value where a group should be."""
        found: dict[str, Sequence[Any]] = {}
        odd: set[int] = set()
        for name, values in json_values.by_name(records).items():
            if above + name in self._parents:
                odd |= {i for i, value in enumerate(values) if not isinstance(value, dict | None)}
                groups = [value if isinstance(value, dict) else {} for value in values]
                inner, within = self.values(groups, f"{above}{name}/")
                found |= inner
                odd |= set(within)
            else:
                found[above + name] = values
        return found, sorted(odd)

    def see(self, places: dict[str, pa.Array], name: str) -> None:
        """Remember the places; raise SourceRejected at once where one is unknown."""
        self.seen |= dict.fromkeys(places)
        known = {self._column(place) for place in self.seen}
        if len(known) < len(self.seen) or not known <= set(self.source.columns):
            self.matched(name)

    def order(self) -> list[str]:
        """Return the place of each promised column, "" where none is seen."""
        place_of = {self._column(place): place for place in self.seen}
        return [place_of.get(column, "") for column in self.source.columns]

    def matched(self, name: str) -> dict[str, str]:
        """Return column → the name the source has for it; raise SourceRejected."""
        return columns.matched((self._column_of.get(place, place) for place in self.seen), self.source, name)

    def _column(self, place: str) -> str:
        return self.source.renames.get(place, self._column_of.get(place, place))
