"""Finding moves: for each figure left out, the cheapest other set of figures that agrees with all that is shown.

A move is a product of two changes: one over categories (this one more, another one less, and so on down and up the
divisions into categories) and one over places (here more, there less, up to where the two meet). Both keep every sum,
so their product does. The cheapest over categories is found exactly, for each of the few places in question.
"""

from collections.abc import Collection, Iterator, Mapping
from math import inf, log2
from typing import Final

from jiceng_pipeline.exchange.disclosure import THRESHOLD, WIDTH, Cell, Move, Pattern, System

_NEIGHBOURS: Final = 10  # places that are tried on each level
_CHAINS: Final = 3  # ways down from a place that are tried
_FREE: Final = 0.01  # what it costs to touch what is left out already
_HELD: Final = 0.2  # and what was left out in an earlier release
Signs = Mapping[str, int]


def protected(made: System, held: Collection[Cell] = (), also: Collection[Cell] = ()) -> Pattern:
    """Return what has to be left out, from the top down.

    `also` are small figures of earlier releases that stay out for a while; `held` was left out in one of them and is
    the first choice again, so that one day's figures do not tell what the next day's leave out.
    """
    small = {
        cell
        for cell, value in made.values.items()
        if cell[0] not in made.implicit and (0 < value < THRESHOLD or cell in also)
    }
    rests = {cell for cell, value in made.values.items() if cell[0] in made.implicit and 0 < value < THRESHOLD}
    search = _Search(made, set(small), frozenset(held))
    proofs: dict[Cell, Move] = {}
    for cell in sorted(small | rests, key=lambda cell: (_depth(made, cell[1]), cell)):
        if cell in proofs:
            continue
        move = search.move(cell)
        search.suppressed |= {each for each in move.changes if each[0] not in made.implicit}
        for each, change in move.changes.items():
            if abs(change) >= WIDTH:
                proofs.setdefault(each, move)
    return Pattern(frozenset(search.suppressed), frozenset(small), proofs)


def _depth(made: System, division: str) -> int:
    parent = made.parents[division]
    return 0 if parent is None else 1 + _depth(made, parent)


class _Search:
    """The search for one move after the other over a growing set of what is left out."""

    def __init__(self, made: System, suppressed: set[Cell], held: frozenset[Cell]) -> None:
        self.made, self.suppressed, self.held = made, suppressed, held

    def move(self, cell: Cell) -> Move:
        """Return the cheapest move found that makes the cell larger; there is always one, up to the top."""
        node, division = cell
        best: tuple[float, dict[int, int], Signs] = (inf, {}, {})
        for level in self._places(node, division):
            for signs in level:
                cost, categories = _Categories(self, signs).cheapest(node)
                if cost < best[0]:
                    best = (cost, categories, signs)
            if best[0] < inf:
                break
        _, categories, signs = best
        changes = {(n, d): a * b * WIDTH for n, a in categories.items() for d, b in signs.items()}
        return Move(changes)

    def cost(self, cell: Cell, change: int) -> float:
        """Return what it costs to change a figure by so much: nothing shown may be lost for nothing."""
        value = self.made.value(cell)
        if cell[0] in self.made.implicit:
            return 0 if value + change >= 0 else inf
        if value == 0 or value + change < 1:
            return inf
        if cell in self.suppressed:
            return _FREE
        return _HELD if cell in self.held else 1 + log2(value)

    def _places(self, node: int, division: str) -> Iterator[list[Signs]]:
        """Yield, level by level upwards, changes over places: more in `division`, less in a neighbour."""
        path: dict[str, int] = {}
        at: str | None = division
        starts = list(self._down(node, division, 1))
        while at is not None:
            path[at] = 1
            parent = self.made.parents[at]
            others = [each for each in self.made.below.get(parent or "", ()) if each != at]
            others.sort(key=lambda other: (self.cost((node, other), -WIDTH), other))
            yield [
                {**start, **path, **dict.fromkeys(end, -1)}
                for other in others[:_NEIGHBOURS]
                for end in self._down(node, other, -1)
                for start in starts
            ]
            at = parent
        yield [{**start, **path} for start in starts]

    def _down(self, node: int, division: str, sign: int) -> Iterator[dict[str, int]]:
        """Yield ways from a place down to a community, `division` included, those first that cost least."""
        children = self.made.below.get(division)
        if not children:
            yield {division: sign}
            return
        ranked = sorted(children, key=lambda child: (self.cost((node, child), sign * WIDTH), -self._size(child), child))
        for child in ranked[:_CHAINS]:
            for deeper in self._down(node, child, sign):
                yield {division: sign, **deeper}
                break

    def _size(self, division: str) -> int:
        return max((self.made.value((node, division)) for node in self.made.splits), default=0)


class _Categories:
    """The cheapest change over categories, where the change over places is given."""

    def __init__(self, search: _Search, signs: Signs) -> None:
        self.search, self.signs = search, signs
        self._known: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {}

    def cheapest(self, node: int) -> tuple[float, dict[int, int]]:
        """Return cost and node → sign: this node more; another less, or all above it more."""
        made = self.search.made
        cost, chosen = self._down(node, 1)
        best: tuple[float, tuple[int, ...], tuple[int, ...]] = (inf, (), ())
        at = node
        while cost < best[0]:
            found = made.siblings.get(at)
            if found is None:
                best = (cost, chosen, ())
                break
            parent, others = found
            for other in others:
                less, lost = self._down(other, -1)
                if cost + less < best[0]:
                    best = (cost + less, chosen, lost)
            cost += self._here(parent, 1)
            chosen = (*chosen, parent)
            for split in made.splits[parent]:
                if at not in split:
                    more, gained = self._least(split, 1)
                    cost, chosen = cost + more, (*chosen, *gained)
            at = parent
        return best[0], {**dict.fromkeys(best[1], 1), **dict.fromkeys(best[2], -1)}

    def _here(self, node: int, sign: int) -> float:
        return sum(self.search.cost((node, place), sign * b * WIDTH) for place, b in self.signs.items())

    def _down(self, node: int, sign: int) -> tuple[float, tuple[int, ...]]:
        """Return the cost of a change of a node and of one below it in each of its divisions, and which."""
        if (node, sign) not in self._known:
            cost = self._here(node, sign)
            chosen: tuple[int, ...] = (node,)
            for split in self.search.made.splits.get(node, ()) if cost < inf else ():
                more, gained = self._least(split, sign)
                cost, chosen = cost + more, (*chosen, *gained)
            self._known[node, sign] = (cost, chosen)
        return self._known[node, sign]

    def _least(self, split: tuple[int, ...], sign: int) -> tuple[float, tuple[int, ...]]:
        return min((self._down(each, sign) for each in split), key=lambda found: found[0])
