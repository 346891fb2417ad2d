"""An attacker who only subtracts: bounds of every hidden figure, narrowed by every sum until nothing more follows."""

from math import inf


def worked_out(made, suppressed):
    """Return hidden cell → its value, where the sums leave only one."""
    low, high = {}, {}
    for whole, parts in made.sums():
        for cell in (whole, *parts):
            hidden = cell in suppressed or cell[0] in made.implicit
            low[cell] = (0 if cell[0] in made.implicit else 1) if hidden else made.value(cell)
            high[cell] = inf if hidden else made.value(cell)
    changed = True
    while changed:
        changed = False
        for whole, parts in made.sums():
            lows, highs = sum(low[part] for part in parts), sum(high[part] for part in parts)
            changed |= narrowed(low, high, whole, lows, highs)
            for part in parts:
                rest_low, rest_high = lows - low[part], highs - high[part] if highs < inf else inf
                most = high[whole] - rest_low
                least = low[whole] - rest_high if rest_high < inf else -inf
                if narrowed(low, high, part, least, most):
                    changed = True
                    break
    return {cell: low[cell] for cell in suppressed if low.get(cell) == high.get(cell, inf)}


def narrowed(low, high, cell, least, most):
    if least > low[cell] or most < high[cell]:
        low[cell], high[cell] = max(low[cell], least), min(high[cell], most)
        return True
    return False
