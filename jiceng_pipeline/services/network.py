"""步行路网: a pedestrian network an operator supplies, as a list of edges; the shortest ways on it.

`services/network.csv` of the home: from_longitude, from_latitude, to_longitude, to_latitude and, where they are
known, metres (else as the crow flies) and is_step_free (true | false; empty: true). Edges go both ways; ends
within a tenth of a metre are one node. Rivers need no mention: where no edge crosses, nobody does.
"""

import csv
import heapq
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import asin, cos, inf, radians, sin, sqrt
from pathlib import Path

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.services.nearest import RADIUS, degrees_of

FILE = "network.csv"
Node = tuple[float, float]  # longitude, latitude in degrees, six digits


@dataclass(frozen=True)
class Network:
    """Nodes in their order, and of each the edges: the other node, metres, and whether there is no step."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[tuple[int, float, bool], ...], ...]

    @cached_property
    def _by_latitude(self) -> list[tuple[float, int]]:
        return sorted((latitude, number) for number, (_, latitude) in enumerate(self.nodes))

    def around(self, latitude: float, metres: float) -> list[int]:
        """Return the nodes that are not farther north or south of a latitude than so many metres."""
        high, order = degrees_of(metres), self._by_latitude
        first, last = bisect_left(order, (latitude - high, -1)), bisect_left(order, (latitude + high, len(order)))
        return [number for _, number in order[first:last]]

    def distances(
        self, starts: Iterable[tuple[int, float]], *, step_free: bool = False, within: float = inf
    ) -> Mapping[int, float]:
        """Return the metres from each node to the nearest start (node, metres to it before); Dijkstra 1959.

        Nodes farther than `within` metres are left out.
        """
        best: dict[int, float] = {}
        waiting = [(metres, node) for node, metres in starts if metres <= within]
        heapq.heapify(waiting)
        while waiting:
            metres, node = heapq.heappop(waiting)
            if node in best:
                continue
            best[node] = metres
            for other, length, is_step_free in self.edges[node]:
                if other not in best and (is_step_free or not step_free) and metres + length <= within:
                    heapq.heappush(waiting, (metres + length, other))
        return best


def network(settings: Settings) -> Network | None:
    """Return the operator's network, None where there is none; raise DefinitionError for a line that is none."""
    path = settings.services / FILE
    return _read(path) if path.exists() else None


def crow(one: Node, other: Node) -> float:
    """Return metres as the crow flies (haversine)."""
    (lon, lat), (lon2, lat2) = (tuple(map(radians, each)) for each in (one, other))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * RADIUS * asin(min(1.0, sqrt(half)))


@cache
def _read(path: Path) -> Network:
    place: dict[Node, int] = {}
    edges: list[list[tuple[int, float, bool]]] = []
    for line, row in enumerate(csv.DictReader(documents.read_text(path).splitlines()), start=2):
        try:
            ends = [
                (round(float(row[f"{end}_longitude"]), 6), round(float(row[f"{end}_latitude"]), 6))
                for end in ("from", "to")
            ]
            metres = float(row["metres"]) if row.get("metres") else crow(*ends)
            is_step_free = {"": True, "true": True, "false": False}[row.get("is_step_free") or ""]
        except (KeyError, TypeError, ValueError):
            raise DefinitionError(
                "不是一条路段",
                where=f"{path}:{line}",
                cure="要有列 from_longitude,from_latitude,to_longitude,to_latitude，坐标写十进制度",
            ) from None
        one, other = (_node(end, place, edges) for end in ends)
        edges[one].append((other, metres, is_step_free))
        edges[other].append((one, metres, is_step_free))
    return Network(tuple(place), tuple(map(tuple, edges)))


def _node(end: Node, place: dict[Node, int], edges: list[list[tuple[int, float, bool]]]) -> int:
    if end not in place:
        place[end] = len(edges)
        edges.append([])
    return place[end]
