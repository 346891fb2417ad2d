"""How the two Splink contenders got their thresholds: best mean F1 on the development seeds, both profiles.

    python -m benchmarks.matching.thresholds --work DIR [--seeds 11,12,13]

Prints what every threshold gives; the best stand as `splink_alone.THRESHOLD` and `splink_after_anchors.CUT`.
"""

import argparse
import logging
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import mean

from benchmarks.matching import metrics, splink_model
from benchmarks.matching.contest import Contest, opened
from benchmarks.matching.dataset import RECORD, Wanted, prepare
from benchmarks.matching.splink_after_anchors import Cut, place, score
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.standard.macro import literal

ALONE = (0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)
CUTS = tuple(Cut(*each) for each in product((3.0, 4.0, 5.0, 6.0, 7.0), (0.0, 1.0, 3.0), (3.0, 5.0, 7.0)))
TOLD = ("f1", "precision", "recall", "residual_f1", "b3_f1", "over_merged", "split")


def alone(contest: Contest) -> Iterator[tuple[str, str]]:
    """Yield each threshold and the select of its answer."""
    splink_model.prepare(contest.connection)
    model = splink_model.linker(contest.connection)
    splink_model.train(model)
    edges = model.inference.predict(threshold_match_probability=min(ALONE))
    for least in ALONE:
        found = model.clustering.cluster_pairwise_predictions_at_threshold(edges, threshold_match_probability=least)
        yield (
            f"splink {least}",
            f"select record_id, cast(cluster_id as varchar) as entity_id from {found.physical_name}",
        )


def after_anchors(contest: Contest) -> Iterator[tuple[str, str]]:
    """Yield each cut and the select of its answer."""
    score(contest)
    for cut in CUTS:
        place(contest, cut)
        yield f"after anchors {cut}", "select p.record_id, c.entity_id from placed as c join prepared as p using (rid)"


def main() -> None:
    """Sweep and print, best first."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.matching.thresholds")
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--seeds", default="11,12,13")
    given = asked.parse_args()
    logging.disable(logging.CRITICAL)
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    for profile, seed in product(("default", "harsh"), map(int, given.seeds.split(","))):
        dataset = prepare(given.work, Wanted("street", profile, seed))
        for sweep in (alone, after_anchors):
            with opened(dataset, Settings(home=given.work / "scratch"), given.work / "unused") as contest:
                for name, answer in sweep(contest):
                    assigned = f"""select a.entity_id as predicted, t.true_id, r.citizen_id is null as is_residual
                        from ({answer}) as a join {RECORD} as r using (record_id)
                        left join read_parquet({literal(str(dataset.truth))}) as t using (record_id)"""
                    found[name].append(metrics.scores(contest.connection, assigned))
    means = {name: {told: mean(each[told] for each in scores) for told in TOLD} for name, scores in found.items()}
    for name, scores in sorted(means.items(), key=lambda each: -each[1]["f1"]):
        sys.stdout.write(name + "  " + "  ".join(f"{told} {scores[told]:.5f}" for told in TOLD) + "\n")


if __name__ == "__main__":
    main()
