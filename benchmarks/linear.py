"""The independent audit of disclosure control: linear programmes (HiGHS) over everything that is shown.

It knows nothing of how the pattern was found. Hidden figures are variables, every sum is an equation; a figure is
recoverable where its least and its greatest value are one. It is stronger than any reader: it sees what is shown as
exact, before rounding.
"""

from collections.abc import Collection, Mapping
from random import Random

import highspy
import numpy as np

from jiceng_pipeline.exchange.disclosure import Cell, System

_SWEEPS = 30
_SURE = 0.5  # whole numbers: what moves by less does not move


def recoverable(
    made: System, hidden: Collection[Cell], bounds: Mapping[Cell, tuple[float, float]] | None = None
) -> tuple[list[Cell], int]:
    """Return the hidden cells that only one value fits, and how many programmes that took; none where nothing fits.

    `bounds` are for variables that somebody believes to know better.
    """
    given = bounds or {}
    cells = [*hidden, *(cell for cell in _implicit(made) if cell not in hidden)]
    number = {cell: at for at, cell in enumerate(cells)}
    solver = _solver(made, cells, number, given)
    if solver is None:
        return [], 0
    open_cells = dict.fromkeys(hidden)
    first = np.array(solver.getSolution().col_value)
    chance, solved = Random(1), 1
    for _ in range(_SWEEPS):
        costs = np.array([chance.uniform(-1, 1) if cell in open_cells else 0.0 for cell in cells])
        solver.changeColsCost(len(cells), np.arange(len(cells), dtype=np.int32), costs)
        found = _solved(solver)
        solved += 1
        if found is not None:
            for cell in list(open_cells):
                if abs(found[number[cell]] - first[number[cell]]) >= _SURE:
                    del open_cells[cell]
        if not open_cells:
            return [], solved
    fixed = []
    for cell in list(open_cells):
        least, greatest = (_extreme(solver, len(cells), number[cell], sign) for sign in (1.0, -1.0))
        solved += 2
        if greatest - least < _SURE:
            fixed.append(cell)
    return fixed, solved


def _implicit(made: System) -> list[Cell]:
    return [(node, division) for node in sorted(made.implicit) for division in made.parents]


def _solver(
    made: System, cells: list[Cell], number: Mapping[Cell, int], bounds: Mapping[Cell, tuple[float, float]]
) -> highspy.Highs | None:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    ceiling = float(max(made.values.values(), default=0) * 4 + 1000)
    for cell in cells:
        low, high = bounds.get(cell, (0.0 if cell[0] in made.implicit else 1.0, ceiling))
        solver.addVar(low, high)
    for whole, parts in made.sums():
        shown, indices, factors = 0, [], []
        for cell, sign in ((whole, -1.0), *((part, 1.0) for part in parts)):
            if cell in number:
                indices.append(number[cell])
                factors.append(sign)
            else:
                shown += int(sign) * made.value(cell)
        if indices:
            solver.addRow(-shown, -shown, len(indices), np.array(indices, dtype=np.int32), np.array(factors))
    return solver if _solved(solver) is not None else None


def _solved(solver: highspy.Highs) -> np.ndarray | None:
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(solver.getSolution().col_value)


def _extreme(solver: highspy.Highs, columns: int, column: int, sign: float) -> float:
    costs = np.zeros(columns)
    costs[column] = sign
    solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), costs)
    found = _solved(solver)
    return float(found[column]) if found is not None else (-np.inf if sign > 0 else np.inf)
