"""Splink 5 after our anchors, the fair opponent: it scores only what no valid number places, against all that is.

Our pass makes the anchors. Splink, trained on all records as when it is alone, scores the residual records
against the anchored (`predict_between`) and among themselves (`predict_within`). Each joins its best anchor,
so that no record bridges two numbers; what joins none follows its best linked residual record, or clusters.
"""

from dataclasses import dataclass

from splink import DuckDBAPI, Linker
from splink.clustering import cluster_pairwise_predictions_at_threshold

from benchmarks.matching import splink_model
from benchmarks.matching.contest import Contest
from benchmarks.matching.dataset import RECORD
from jiceng_pipeline.matching import borrowed, macros
from jiceng_pipeline.matching.model import matchings

BORROWED = "matching.resident_borrowed"
FREQUENCIES = ("name", "reading", "name_key", "phone")


@dataclass(frozen=True)
class Cut:
    """Where to cut, in bits of match weight: to an anchor, over the second anchor, among the residual."""

    link: float = 5.0
    margin: float = 0.0
    pool: float = 5.0


CUT = Cut()  # best F1 on the development seeds 11, 12 and 13, both profiles


def splink_after_anchors(contest: Contest) -> None:
    """Place every record: by its anchor, by Splink, or by itself."""
    score(contest)
    with contest.phase("cluster"):
        place(contest, CUT)
    contest.write("select p.record_id, c.entity_id from placed as c join prepared as p using (rid)")


def score(contest: Contest, least: float = 0.0) -> Linker:
    """Create `anchored`, `between` and `within`: the anchors, and edges of at least so many bits."""
    connection = contest.connection
    contest.make("matching.decision")
    with contest.phase(BORROWED):
        macros.create(connection)
        connection.execute(f"create table {BORROWED} as {borrowed.select(matchings()['resident'])}")
    with contest.phase("prepare"):
        splink_model.prepare(connection)
        connection.execute(
            f"""create table anchored as select p.*, r.citizen_id as identifier from prepared as p
            join {RECORD} as r using (record_id)
            where r.citizen_id is not null and record_id not in (select record_id from {BORROWED});
            create table residual as select p.* replace (case when b.record_id is null then p.number end as number)
            from prepared as p left join {BORROWED} as b using (record_id)
            where b.record_id is not null or record_id not in (select record_id from anchored)"""
        )
    model = splink_model.linker(connection)
    with contest.phase("train"):
        splink_model.train(model)
        for column in FREQUENCIES:
            model.table_management.compute_tf_table(column)
    with contest.phase("predict"):
        database = DuckDBAPI(connection)
        known, new = (database.register(each, dataset_display_name=each) for each in ("anchored", "residual"))
        between = model.inference.predict_between(known, new, threshold_match_weight=least)
        within = model.inference.predict_within(new, threshold_match_weight=least)
        connection.execute(f"create view between_edge as from {between.physical_name}")
        connection.execute(f"create view within_edge as from {within.physical_name}")
    for name in ("anchored", "residual", "between_edge", "within_edge"):
        contest.count(name, name)
    return model


def place(contest: Contest, cut: Cut) -> None:
    """Create `placed(rid, entity_id)`, one row a record."""
    connection = contest.connection
    connection.execute(
        f"""create or replace table linked as
        with best as (
            select r.rid, a.identifier, max(e.match_weight) as weight
            from between_edge as e
            join anchored as a on a.rid = e.rid_l
            join residual as r on r.rid = e.rid_r
            group by r.rid, a.identifier
        ), ordered as (
            select *, lead(weight) over towards as second, row_number() over towards as place
            from best window towards as (partition by rid order by weight desc, identifier)
        )
        select rid, identifier as entity_id from ordered
        where place = 1 and weight >= {cut.link} and weight - coalesce(second, -1e9) >= {cut.margin}"""
    )
    connection.execute(
        f"""create or replace table followed as
        with each as (select rid_l as rid, rid_r as other, match_weight from within_edge
            union all select rid_r, rid_l, match_weight from within_edge)
        select e.rid, l.entity_id from each as e join linked as l on l.rid = e.other
        where e.match_weight >= {cut.pool} and e.rid not in (select rid from linked)
        qualify row_number() over (partition by e.rid order by e.match_weight desc, l.entity_id) = 1;
        create or replace table pool as select rid from residual
        where rid not in (select rid from linked union all select rid from followed);
        create or replace table pool_edge as select e.* from within_edge as e
        semi join pool as l on l.rid = e.rid_l semi join pool as r on r.rid = e.rid_r"""
    )
    database = DuckDBAPI(connection)
    clusters = cluster_pairwise_predictions_at_threshold(
        database.register("pool"), database.register("pool_edge"), database, "rid", threshold_match_weight=cut.pool
    )
    connection.execute(
        f"""create or replace table placed as
        select rid, identifier as entity_id from anchored
        union all from linked
        union all from followed
        union all select rid, 'pool|' || cluster_id from {clusters.physical_name}"""
    )
