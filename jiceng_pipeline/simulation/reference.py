"""What the city is made of: divisions, names, places and trades, read from `data/reference/`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from jiceng_pipeline.simulation.chance import Floats, Ints
from jiceng_pipeline.simulation.families import KINDS

DECADES = ("before_1950", "1950s", "1960s", "1970s", "1980s", "1990s", "2000s", "from_2010")
STREET = "320613005000"  # 崇川区虹桥街道


@dataclass(frozen=True)
class Reference:
    """The tables of `data/reference/` the simulation draws from."""

    divisions: Any
    surnames: Any
    characters: Any
    areas: Any
    places: Any
    trades: Any
    districts: Any
    division_changes: Any

    @classmethod
    def read(cls, folder: Path) -> "Reference":
        """Read the tables; every column is text unless its name says a share, weight or year."""
        return cls(
            *(
                _table(folder / f"{name}.csv")
                for name in (
                    "divisions",
                    "surnames",
                    "given_characters",
                    "id_areas",
                    "place_names",
                    "trades",
                    "districts",
                    "division_changes",
                )
            )
        )

    def children(self, code: str) -> Any:
        """Return the divisions right below one: code, name."""
        return self.divisions.filter(pc.equal(self.divisions["parent_code"], code)).select(["code", "name"])

    def former(self, code: str) -> str:
        """Return the first of the communities that became this one, else the code itself."""
        merged = self.division_changes.filter(pc.equal(self.division_changes["merged_into"], code))["code"].to_pylist()
        return str(merged[0]) if merged else code

    def townships(self, district: str) -> list[str]:
        """Return the codes of a district's townships that have communities, rising."""
        parents = set(self.divisions["parent_code"].to_pylist())
        return [code for code in self.children(f"{district}000000")["code"].to_pylist() if code in parents]

    @cached_property
    def names(self) -> dict[str, str]:
        """Return the name of every division."""
        return dict(zip(*self.divisions.select(["code", "name"]).to_pydict().values(), strict=True))

    def district(self, code: str) -> dict[str, Any]:
        """Return what the table of districts says of one: name, residents, household_size, shares of households."""
        found: dict[str, Any] = self.districts.filter(pc.equal(self.districts["code"], code)).to_pylist()[0]
        return found

    def names_of(self, kind: str) -> Any:
        """Return the place names of one kind: road, lane or estate."""
        return self.places.filter(pc.equal(self.places["kind"], kind))["name"].combine_chunks()

    @cached_property
    def decade_weights(self) -> Floats:
        """How usual each character was in each decade: one row a character."""
        return np.column_stack([self.characters[decade].to_numpy() for decade in DECADES])

    @cached_property
    def homophones(self) -> tuple[Ints, Ints]:
        """Return for each character how many others sound alike, and which (padded with -1)."""
        sounds = self.characters["pinyin"].to_numpy()
        _, code = np.unique(sounds, return_inverse=True)
        alike = code.reshape(-1, 1) == code
        np.fill_diagonal(alike, False)
        count = alike.sum(axis=1)
        order = np.argsort(~alike, axis=1, kind="stable")[:, : max(1, count.max())]
        return count, np.where(np.arange(order.shape[1]) < count.reshape(-1, 1), order, -1)

    @cached_property
    def is_rare(self) -> NDArray[np.bool_]:
        """Which characters the old character set GB 2312 lacks."""
        held = [bool(each.encode("gb2312", "ignore")) for each in self.characters["character"].to_pylist()]
        return ~np.array(held)


def _table(path: Path) -> Any:
    names = path.read_text("utf-8").partition("\n")[0].split(",")
    words = ("share", "weight", "home_weight", "male_share", "first_share", "household_size", *DECADES, *KINDS)
    numbers = dict.fromkeys(words, pa.float64()) | dict.fromkeys(("from_year", "until_year", "residents"), pa.int64())
    types = {name: numbers.get(name, pa.string()) for name in names}
    return csv.read_csv(
        path, convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    ).combine_chunks()
