"""Splink on FEBRL: a model as its own examples would have it, every field of the sets in use, no labels."""

from typing import Any

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.9
SEED = 1


def cluster(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `answer(record_id, predicted)` from table `febrl`; two files are linked, one is deduplicated."""
    files = connection.execute("select distinct source_dataset from febrl order by all").fetchall()
    database = DuckDBAPI(connection)
    tables = []
    for number, (file,) in enumerate(files):
        connection.execute(f"create or replace table file_{number} as from febrl where source_dataset = '{file}'")
        tables.append(database.register(f"file_{number}", dataset_display_name=f"file_{number}"))
    settings = SettingsCreator(
        link_type="link_only" if len(tables) > 1 else "dedupe_only",
        unique_id_column_name="record_id",
        comparisons=_comparisons(),
        blocking_rules_to_generate_predictions=_blocking(),
    )
    model = Linker(tables if len(tables) > 1 else tables[0], settings)
    model.training.estimate_probability_two_random_records_match(
        [block_on("number"), block_on("given_name", "surname", "born")], recall=0.9
    )
    model.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=SEED)
    for rule in (block_on("number"), block_on("born"), block_on("given_name", "surname")):
        model.training.estimate_parameters_using_expectation_maximisation(rule)
    edges = model.inference.predict(threshold_match_probability=THRESHOLD)
    clusters = model.clustering.cluster_pairwise_predictions_at_threshold(edges, threshold_match_probability=THRESHOLD)
    connection.execute(
        f"""create or replace table answer as
        select record_id, cast(cluster_id as varchar) as predicted from {clusters.physical_name}"""
    )


def _comparisons() -> list[Any]:
    def text(column: str) -> Any:
        return cl.JaroWinklerAtThresholds(column, [0.9, 0.8]).configure(term_frequency_adjustments=True)

    names = cl.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            cll.And(cll.NullLevel("given_name"), cll.NullLevel("surname")).configure(is_null_level=True),
            cll.And(cll.ExactMatchLevel("given_name"), cll.ExactMatchLevel("surname")),
            cll.ColumnsReversedLevel("given_name", "surname", symmetrical=True),
            cll.And(cll.JaroWinklerLevel("given_name", 0.88), cll.JaroWinklerLevel("surname", 0.88)),
            cll.ExactMatchLevel("surname", term_frequency_adjustments=True),
            cll.ExactMatchLevel("given_name", term_frequency_adjustments=True),
            cll.Or(cll.JaroWinklerLevel("given_name", 0.88), cll.JaroWinklerLevel("surname", 0.88)),
            cll.ElseLevel(),
        ],
    )
    return [
        names,
        cl.DamerauLevenshteinAtThresholds("born", [1, 2]),
        cl.DamerauLevenshteinAtThresholds("number", [1, 2]),
        cl.ExactMatch("street_number"),
        text("address_1"),
        text("suburb"),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        cl.ExactMatch("state"),
    ]


def _blocking() -> list[Any]:
    return [
        block_on("number"),
        block_on("born"),
        block_on("given_name", "surname"),
        block_on("surname", "postcode"),
        block_on("given_name", "postcode"),
        block_on("surname", "suburb"),
        block_on("given_name", "suburb"),
        block_on("address_1", "street_number"),
        block_on("substr(number, 1, 4)", "substr(surname, 1, 2)"),
        block_on("substr(number, 1, 4)", "substr(given_name, 1, 2)"),
        block_on("substr(born, 1, 6)", "substr(surname, 1, 2)"),
        block_on("substr(born, 1, 6)", "substr(given_name, 1, 2)"),
        block_on("address_1", "suburb"),
    ]
