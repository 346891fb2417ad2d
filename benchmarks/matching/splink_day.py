"""What a day costs Splink: new records against the old and among themselves, then every cluster anew.

Splink returns pairs of new records only; it keeps no identities, so the old edges are kept here and all
records clustered again. The model, the old records and their edges stand before the day begins.
"""

from splink import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

from benchmarks.matching import splink_model
from benchmarks.matching.contest import Contest
from benchmarks.matching.splink_after_anchors import FREQUENCIES
from benchmarks.matching.splink_alone import THRESHOLD

SHARE = 0.003  # of the records are new that day
NEW = f"md5_number_lower(record_id) % 1000000 < {round(SHARE * 1_000_000)}"


def splink_day(contest: Contest) -> None:
    """Cluster all records after a day; the phases `day ...` are what the day costs."""
    connection = contest.connection
    with contest.phase("before"):
        splink_model.prepare(connection)
        connection.execute("create table everyone as from prepared")
        connection.execute(f"delete from prepared where {NEW}")
        model = splink_model.linker(connection)
        splink_model.train(model)
        for column in FREQUENCIES:
            model.table_management.compute_tf_table(column)
        old = model.inference.predict(threshold_match_probability=THRESHOLD)
    database = DuckDBAPI(connection)
    with contest.phase("day prepare"):
        connection.execute(f"create table arrived as from everyone where {NEW}")
        known, new = (database.register(each, dataset_display_name=each) for each in ("prepared", "arrived"))
    contest.count("arrived", "arrived")
    with contest.phase("day between"):
        between = model.inference.predict_between(known, new, threshold_match_probability=THRESHOLD)
    with contest.phase("day within"):
        within = model.inference.predict_within(new, threshold_match_probability=THRESHOLD)
    with contest.phase("day cluster"):
        edges = " union all ".join(
            f"select rid_l, rid_r, match_probability from {each.physical_name}" for each in (old, between, within)
        )
        connection.execute(f"create table edge as {edges}")
        clusters = cluster_pairwise_predictions_at_threshold(
            database.register("everyone"),
            database.register("edge"),
            database,
            "rid",
            threshold_match_probability=THRESHOLD,
        )
    contest.write(
        f"""select e.record_id, cast(c.cluster_id as varchar) as entity_id
        from {clusters.physical_name} as c join everyone as e using (rid)"""
    )
