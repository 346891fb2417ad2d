"""Chance that can be repeated: every purpose draws from a stream of its own, so none tells of another.

`stream` gives numbers in a row, for what is drawn once. `Lots` gives numbers that belong to things:
a person draws the same lot whoever else is drawn for, today and in a year, so an office can write down
ten of its people again without the records of all others changing.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Words = NDArray[np.str_]


def stream(seed: int, *purpose: str) -> Generator:
    """Return the random numbers of one purpose; the same seed and purpose give the same ones."""
    digest = sha256("/".join((str(seed), *purpose)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, "<u4").tolist())


def seed_of(seed: int, *purpose: str) -> int:
    """Return another seed, for a part of the whole."""
    digest = sha256("/".join((str(seed), *purpose)).encode()).digest()
    return int.from_bytes(digest[:7], "little")


class Lots:
    """Random numbers of things that are named by numbers of their own; each call draws anew for each thing.

    It has those methods of numpy's Generator the simulation needs; `count` has to be the number of things.
    """

    def __init__(self, serials: Ints, seed: int, *purpose: str) -> None:
        """Draw for the things with these serial numbers, for one purpose."""
        digest = sha256("/".join((str(seed), *purpose)).encode()).digest()
        self._salt = np.uint64(int.from_bytes(digest[:8], "little"))
        self._things = _mixed(serials.astype(np.uint64) ^ self._salt)
        self._turn = 0

    def random(self, count: int | tuple[int, int]) -> Floats:
        """Return numbers of [0, 1): one a thing, or a row of them a thing."""
        if isinstance(count, tuple):
            return np.column_stack([self.random(count[0]) for _ in range(count[1])])
        if count != len(self._things):
            raise ValueError(f"{count} numbers asked for {len(self._things)} things")
        self._turn += 1
        drawn = _mixed(self._things + np.uint64(self._turn * GOLDEN % 2**64))
        result: Floats = (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return result

    def integers(self, low: ArrayLike, high: ArrayLike, count: int) -> Ints:
        """Return whole numbers of [low, high)."""
        start, end = np.asarray(low, np.int64), np.asarray(high, np.int64)
        result: Ints = start + (self.random(count) * (end - start)).astype(np.int64)
        return result

    def exponential(self, scale: float, count: int) -> Floats:
        """Return numbers of an exponential distribution with that mean."""
        result: Floats = -scale * np.log1p(-self.random(count))
        return result

    def normal(self, mean: float, deviation: float, count: int) -> Floats:
        """Return numbers of a normal distribution (Box and Muller 1958)."""
        radius = np.sqrt(-2 * np.log1p(-self.random(count)))
        result: Floats = mean + deviation * radius * np.cos(2 * np.pi * self.random(count))
        return result


GOLDEN = 0x9E3779B97F4A7C15


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well-mixed bits (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def permuted(serials: Ints, size: int, seed: int, *purpose: str) -> Ints:
    """Return another number of [0, size) for each serial number of [0, size), none twice and telling nothing.

    A Feistel network of four rounds whose results outside the range go round again (Black and Rogaway 2002).
    """
    if len(serials) and not 0 <= serials.min() <= serials.max() < size:
        raise ValueError(f"serial numbers outside of 0 to {size}")
    half = np.uint64(max(1, (int(size - 1).bit_length() + 1) // 2))
    low = (np.uint64(1) << half) - np.uint64(1)
    digest = sha256("/".join((str(seed), *purpose)).encode()).digest()
    rounds = np.frombuffer(digest, "<u8")
    result = serials.astype(np.uint64)
    outside = np.ones(len(result), np.bool_)
    while outside.any():
        left, right = result[outside] >> half, result[outside] & low
        for key in rounds:
            left, right = right, left ^ (_mixed(right + key) & low)
        result[outside] = left << half | right
        outside = result >= size
    return result.astype(np.int64)


def happens(rng: Generator | Lots, count: int, rate: ArrayLike) -> Bools:
    """Return where something of that rate (one, or one each) happens."""
    result: Bools = rng.random(count) < np.asarray(rate)
    return result


def choose(rng: Generator | Lots, weights: Sequence[float] | Floats, count: int) -> Ints:
    """Return `count` places in `weights`, each as often as its weight says."""
    return chosen(rng.random(count), weights)


def chosen(lots: Floats, weights: Sequence[float] | Floats) -> Ints:
    """Return the places in `weights` that numbers of [0, 1) fall on."""
    edges = np.cumsum(np.asarray(weights, np.float64))
    result: Ints = np.searchsorted(edges / edges[-1], lots, side="right")
    return result


def occurrence(values: Ints) -> Ints:
    """Return how often each value has come before: 0, 1, 2, ..."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    count = np.empty(len(values), np.int64)
    count[order] = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    return count


def rank_within(group: Ints, rng: Generator) -> Ints:
    """Number the members of each group 0, 1, 2, ... in random order."""
    order = np.lexsort((rng.random(len(group)), group))
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(group)])
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(starts, sizes)
    return rank
