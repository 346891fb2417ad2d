"""Chance that can be repeated: every purpose draws from a stream of its own, so none tells of another."""

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


def happens(rng: Generator, count: int, rate: ArrayLike) -> Bools:
    """Return where something of that rate (one, or one each) happens."""
    result: Bools = rng.random(count) < np.asarray(rate)
    return result


def choose(rng: Generator, weights: Sequence[float] | Floats, count: int) -> Ints:
    """Return `count` places in `weights`, each as often as its weight says."""
    edges = np.cumsum(np.asarray(weights, np.float64))
    result: Ints = np.searchsorted(edges / edges[-1], rng.random(count), side="right")
    return result


def unique_numbers(rng: Generator, count: int, low: int, high: int) -> Ints:
    """Return `count` different numbers of [low, high) in an order that tells nothing."""
    found = np.empty(0, np.int64)
    while len(found) < count:
        more = rng.integers(low, high, count - len(found) + 16, np.int64)
        found = np.unique(np.concatenate([found, more]))
    result: Ints = rng.permutation(found)[:count]
    return result


def rank_within(group: Ints, rng: Generator) -> Ints:
    """Number the members of each group 0, 1, 2, ... in random order."""
    order = np.lexsort((rng.random(len(group)), group))
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(group)])
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(starts, sizes)
    return rank
