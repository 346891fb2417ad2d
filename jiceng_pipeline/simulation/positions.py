"""Where things stand (CGCS2000, degrees): made up, but coherent; no map was used beyond the county seats.

Townships lie around the seat of their county, communities around the centre of their township, buildings
around the middle of their community, and the flats of one building in one place.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jiceng_pipeline.simulation.chance import Floats, Ints, Lots
from jiceng_pipeline.simulation.plan import is_village
from jiceng_pipeline.simulation.reference import Reference

if TYPE_CHECKING:
    from jiceng_pipeline.simulation.city import City

# longitude and latitude of the seat, and how many kilometres the townships reach from it
SEATS = {
    "320612": (121.08, 32.07, 20.0), "320613": (120.87, 32.01, 8.0), "320614": (121.18, 31.90, 17.0),
    "320623": (121.19, 32.32, 22.0), "320671": (120.94, 31.90, 6.0), "320681": (121.62, 31.82, 17.0),
    "320682": (120.56, 32.38, 20.0), "320685": (120.47, 32.54, 18.0),
}  # fmt: skip
BOX = (120.20, 31.60, 121.95, 32.75)  # west, south, east, north of Nantong
KILOMETRES = 111.32  # a degree of latitude
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
URBAN, RURAL = 0.7, 1.9  # kilometres between communities
CITY_CODE = 320_600_000_000


@dataclass(frozen=True)
class Points:
    """Longitudes and latitudes in degrees."""

    longitude: Floats
    latitude: Floats

    def take(self, index: Ints) -> "Points":
        """Return some of the points."""
        return Points(self.longitude[index], self.latitude[index])

    def moved(self, east: Floats, north: Floats) -> "Points":
        """Return the points moved by kilometres, kept inside the city's box."""
        latitude = np.clip(self.latitude + north / KILOMETRES, BOX[1], BOX[3])
        longitude = self.longitude + east / (KILOMETRES * np.cos(np.radians(self.latitude)))
        return Points(np.clip(longitude, BOX[0], BOX[2]).round(6), latitude.round(6))


def communities(reference: Reference, codes: list[str]) -> tuple[Points, Floats]:
    """Return the middles of communities, and how far each is from the next in kilometres."""
    found = [_middle(reference, code) for code in map(reference.former, codes)]
    east, north, longitude, latitude, apart = np.array(found).reshape(-1, 5).T
    return Points(longitude, latitude).moved(east, north), apart


def dwellings(city: "City", middles: Points, apart: Floats) -> Points:
    """Return where the dwellings stand; `middles` and `apart` are those of the city's communities."""
    homes = city.homes
    codes = city.communities["code"].to_numpy().astype(np.int64) - CITY_CODE
    building = np.where(homes.block > 0, homes.block, 5_000 + homes.unit)
    names = codes[homes.community] * 10**10 + homes.door * 10**4 + building
    return around(middles.take(homes.community), 0.45 * apart[homes.community], Lots(names, city.seed, "buildings"))


def around(middles: Points, reach: Floats, lots: Lots) -> Points:
    """Return points spread evenly over discs of `reach` kilometres."""
    count = len(reach)
    distance, angle = reach * np.sqrt(lots.random(count)), 2 * np.pi * lots.random(count)
    return middles.moved(distance * np.cos(angle), distance * np.sin(angle))


def _middle(reference: Reference, code: str) -> tuple[float, float, float, float, float]:
    """Return kilometres east and north of a seat, the seat, and the distance to the next community."""
    township, county = f"{code[:9]}000", f"{code[:6]}000000"
    longitude, latitude, reach = SEATS[code[:6]]
    towns, here = reference.children(county), reference.children(township)
    names = here["name"].to_pylist()
    villages = sum(is_village(name) for name in names) / len(names)
    apart = URBAN + (RURAL - URBAN) * villages
    far = _sunflower(towns["code"].to_pylist().index(township), towns.num_rows, reach)
    near = _sunflower(here["code"].to_pylist().index(code), len(names), apart * np.sqrt(len(names)) / 2)
    return far[0] + near[0], far[1] + near[1], longitude, latitude, apart


def _sunflower(place: int, count: int, reach: float) -> tuple[float, float]:
    """Return the place-th of `count` points spread evenly over a disc, as the seeds of a sunflower (Vogel 1979)."""
    distance, angle = reach * np.sqrt((place + 0.5) / count), place * GOLDEN_ANGLE
    return float(distance * np.cos(angle)), float(distance * np.sin(angle))
