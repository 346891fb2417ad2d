"""Disclosure control: no figure that is left out can be worked out, the proofs say so, and a hole would be seen."""

import random
from dataclasses import replace

import pytest

from jiceng_pipeline.exchange.disclosure import REST, THRESHOLD, WIDTH, Move, Node, Pattern, rounded, system, unproved
from jiceng_pipeline.exchange.disclosure_moves import protected
from jiceng_pipeline.exchange.indicators import Indicator
from jiceng_pipeline_tests.exchange.attack import worked_out


def indicator(name, sums_to=None, part_of=None):
    return Indicator(name, name, "", "人", "", "", frozenset(), False, None, None, sums_to, part_of, None)


KNOWN = {
    each.name: each
    for each in (
        indicator("people"),
        indicator("by_age", sums_to=Node("people")),
        indicator("by_tongue", sums_to=Node("people")),
        indicator("disabled", part_of=Node("people")),
        indicator("alone", sums_to=Node("by_age", "老")),
    )
}
CATEGORIES = {"by_age": ("少", "中", "老"), "by_tongue": ("甲/一", "甲/二", "乙"), "disabled": ("轻", "重"),
              "alone": ("独居", "同住")}  # fmt: skip


def city(seed, counties=2, townships=3, villages=4, mean=30):
    """Return a random city: its figures as rows of `indicators.value`, and its divisions."""
    chance = random.Random(seed)
    parents, leaves = {"c": None}, []
    for county in range(counties):
        parents[f"c{county}"] = "c"
        for township in range(townships):
            parents[f"c{county}{township}"] = f"c{county}"
            for village in range(villages):
                leaves.append(f"c{county}{township}{village}")
                parents[leaves[-1]] = f"c{county}{township}"
    counted = {}

    def count(name, category, division):
        parts = category.split("/") if category else []
        for node in ["/".join(parts[:n]) for n in range(len(parts) + 1)]:
            at = division
            while at is not None:
                counted[name, node, at] = counted.get((name, node, at), 0) + 1
                at = parents[at]

    for leaf in leaves:
        for _ in range(chance.randrange(1, 2 * mean)):
            age, tongue = chance.choices(CATEGORIES["by_age"], (3, 6, 1))[0], chance.choice(CATEGORIES["by_tongue"])
            count("people", "", leaf)
            count("by_age", age, leaf)
            count("by_tongue", tongue, leaf)
            if age == "老":
                count("alone", chance.choice(CATEGORIES["alone"]), leaf)
            if chance.random() < 0.15:
                count("disabled", chance.choice(CATEGORIES["disabled"]), leaf)
    return [(*key, value) for key, value in sorted(counted.items())], parents


def small(made):
    return {cell for cell, value in made.values.items() if cell[0] not in made.implicit and 0 < value < THRESHOLD}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mean", [6, 40, 400])
def test_nothing_that_is_left_out_can_be_worked_out(seed, mean):
    made = system(KNOWN, *city(seed, counties=1 + seed % 2, mean=mean))
    pattern = protected(made)
    assert small(made) <= pattern.suppressed
    assert unproved(made, pattern) == []
    assert worked_out(made, pattern.suppressed) == {}
    assert all(abs(move.changes[cell]) >= WIDTH for cell, move in pattern.proofs.items())


def test_leaving_out_only_what_is_small_would_not_do():
    found = [len(worked_out(made, small(made))) for made in (system(KNOWN, *city(seed)) for seed in range(5))]
    assert all(found)


def test_what_is_left_beside_a_part_is_guarded_as_well():
    parents = {"c": None, "c1": "c", "c2": "c"}
    rows = [("people", "", "c", 200), ("people", "", "c1", 100), ("people", "", "c2", 100),
            ("disabled", "", "c", 147), ("disabled", "", "c1", 97), ("disabled", "", "c2", 50)]  # fmt: skip
    made = system(KNOWN, rows, parents)
    pattern = protected(made)
    assert made.value((made.nodes[Node("disabled", REST)], "c1")) == 3
    hidden = {(made.number(KNOWN, Node(name)), "c1") for name in ("people", "disabled")}
    assert pattern.suppressed & hidden
    assert unproved(made, pattern) == []


def test_a_lonely_small_figure_hides_all_that_tells_of_it_up_to_the_top():
    parents = {"c": None, "c1": "c"}
    made = system(KNOWN, [("people", "", "c", 5), ("people", "", "c1", 5)], parents)
    assert protected(made).suppressed == {(0, "c"), (0, "c1")}


def test_most_of_a_large_city_is_shown():
    made = system(KNOWN, *city(3, counties=3, townships=5, villages=8, mean=300))
    pattern = protected(made)
    shown = [cell for cell in made.values if cell[0] not in made.implicit and cell not in pattern.suppressed]
    assert len(shown) > 0.7 * (len(shown) + len(pattern.suppressed))


def test_a_hole_is_seen():
    made = system(KNOWN, *city(1))
    pattern = protected(made)
    guard = min(pattern.suppressed - pattern.small)
    assert unproved(made, replace(pattern, suppressed=pattern.suppressed - {guard}))
    victim = min(pattern.small)
    assert victim in unproved(made, replace(pattern, proofs={**pattern.proofs, victim: Move({victim: WIDTH})}))
    assert victim in unproved(made, Pattern(pattern.suppressed, pattern.small, {}))


def test_what_was_left_out_before_is_the_first_choice_again():
    (rows, parents), (moved, _) = city(2, mean=60), city(2, mean=60)
    before = protected(system(KNOWN, rows, parents))
    # one more person in the first community: what protects what need not change
    leaf = "c000"
    above = {leaf, leaf[:3], leaf[:2], "c"}
    moved = [(n, c, d, v + (d in above and (n, c) in {("people", ""), ("by_age", "中"), ("by_tongue", "乙")}))
             for n, c, d, v in moved]  # fmt: skip
    made = system(KNOWN, moved, parents)
    after = protected(made, before.suppressed, before.small)
    assert unproved(made, after) == []
    assert len(after.suppressed ^ before.suppressed) <= 0.05 * len(before.suppressed)


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (8, 10), (12, 10), (13, 15), (117, 115), (118, 120)])
def test_what_is_shown_is_rounded(value, shown):
    assert rounded(value) == shown
