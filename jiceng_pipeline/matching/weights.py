"""Weights in bits for every level, learned by penalised logistic regression from patterns and their answers.

The declared weights are the centre of the penalty: where the data says little, they stand. Regression
and not a product of ratios, because comparisons are not independent (Fellegi and Sunter, 1969, assume it).
"""

from collections.abc import Mapping
from math import log

import numpy as np
from numpy.typing import NDArray

from jiceng_pipeline.matching import kinds
from jiceng_pipeline.matching.comparisons import together
from jiceng_pipeline.matching.model import Matching

_ROUNDS = 50
Weights = Mapping[str, Mapping[int, int]]  # comparison → level → hundredths of a bit


def declared(matching: Matching, comparison: str, level: int) -> float:
    """Return the declared bits of a level; 0 says nothing and weighs nothing."""
    each = matching.comparisons[comparison]
    if each.kind == "together":
        return together.declared(level, each.weights)
    return 0.0 if level == 0 else each.weights[kinds.levels(each.kind)[level - 1]]


def untrained(matching: Matching) -> Weights:
    """Return the declared weights of all levels."""
    found: dict[str, dict[int, int]] = {"prior": {0: round(matching.prior * 100)}}
    for name, each in matching.comparisons.items():
        every = together.patterns() if each.kind == "together" else range(len(each.weights) + 1)
        found[name] = {level: round(declared(matching, name, level) * 100) for level in every}
    return found


def learned(
    matching: Matching,
    names: list[str],
    levels: NDArray[np.int64],
    same: NDArray[np.float64],
    other: NDArray[np.float64],
) -> Weights:
    """Return the weights that fit: a row of `levels` is a pattern, with how often it was the same and another."""
    columns = [(name, int(level)) for place, name in enumerate(names) for level in np.unique(levels[:, place]) if level]
    matrix = np.ones((len(levels), len(columns) + 1))
    for place, (name, level) in enumerate(columns, start=1):
        matrix[:, place] = levels[:, names.index(name)] == level
    centre = np.array([matching.prior, *(declared(matching, name, level) for name, level in columns)]) * log(2)
    spread = matching.probes.spread_bits * log(2)
    penalty = np.full(len(centre), 1 / spread**2)
    weight, total = centre.copy(), same + other
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(matrix @ weight, -40, 40)))
        gradient = matrix.T @ (same - total * chance) - penalty * (weight - centre)
        curvature = (matrix * (total * chance * (1 - chance))[:, None]).T @ matrix + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weight = weight + step * min(1.0, 5 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    bits = weight / log(2)
    found = {name: dict(each) for name, each in untrained(matching).items()}
    found["prior"][0] = round(float(bits[0]) * 100)
    for place, (name, level) in enumerate(columns, start=1):
        found[name][level] = round(float(bits[place]) * 100)
    return found


def expression(weights: Weights) -> str:
    """Return SQL: the weight of a row of `compared`, in hundredths of a bit."""
    parts = [str(weights["prior"][0])]
    for name, each in weights.items():
        if name != "prior":
            cases = " ".join(f"when {level} then {bits}" for level, bits in sorted(each.items()) if bits)
            parts.append(f"(case {name} {cases} else 0 end)")
    return " + ".join(parts)
