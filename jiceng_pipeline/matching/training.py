"""Masked-identifier probes: the identifiers of some anchored records are hidden, and the weights learned from them."""

from collections.abc import Mapping

import duckdb
import numpy as np

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features, scoring, statistics, versions, weights, words
from jiceng_pipeline.matching.model import Matching

_BITS = range(-6, 22, 2)  # the link weights of which it is told what they would do


def prepare(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, table: str = "prepared"
) -> None:
    """Create what is known of the whole, and the probes. Needs `features.create`, `table` is of
    `statistics.apply`.

    At most one record of an entity is a probe, and the systems weigh among the probes as they do among
    the records that have to be placed: those offices' habits are the ones to learn.

    `probe(rid, tid, rest)`: the record, its entity, and the number by which the entity goes without it; `probe_row`:
    the rows of `prepared`; `rest_row`: those of the other records of the entity, by that number.
    """
    statistics.learn(connection, matching)
    statistics.apply(connection, matching, table)
    statistics.key(connection, settings, matching)
    _create_probe(connection, matching)


def train(connection: duckdb.DuckDBPyConnection, matching: Matching) -> weights.Weights:
    """Return the weights that the probes in `compared` teach."""
    # the number is what is hidden: of slips in it the probes can teach nothing, and its declared weights stand
    hidden = {name for name, each in matching.comparisons.items() if each.is_identifier}
    names = [name for name in matching.comparisons if name not in hidden]
    rows = connection.execute(
        f"""select {", ".join(names)}, count(*) filter (where c.tid = p.rest) as same,
            count(*) filter (where c.tid <> p.rest) as other
        from compared as c join probe as p using (rid)
        group by {", ".join(names)} order by all"""
    ).fetchnumpy()
    levels = np.stack([np.asarray(rows[name], dtype=np.int64) for name in names], axis=1)
    if len(levels) == 0:
        return weights.untrained(matching)
    return weights.learned(
        matching, names, levels, np.asarray(rows["same"], np.float64), np.asarray(rows["other"], np.float64)
    )


def accuracy(
    connection: duckdb.DuckDBPyConnection, matching: Matching, learned: weights.Weights
) -> tuple[versions.Accuracy, ...]:
    """Return what would become of the probes at each link weight, by the weights just learned of them.

    Of precision that is a fair estimate; recall it flatters, for records that have no number are the dirtier ones.
    """
    masked = {of: each for of, each in learned.items() if of == "prior" or not matching.comparisons[of].is_identifier}
    rows = connection.execute(
        f"""with weighed as (
            select c.rid, c.tid = p.rest as is_own, c.tid, {weights.expression(masked)} as weight
            from compared as c join probe as p using (rid)
        ), placed as (
            select rid, is_own, weight, weight - coalesce(lead(weight) over best, -1000000) as ahead,
                row_number() over best as nth
            from weighed window best as (partition by rid order by weight desc, tid)
        )
        select b.bits, count(*) filter (where p.is_own), count(p.rid), (select count(*) from probe)
        from range({_BITS.start}, {_BITS.stop}, {_BITS.step}) as b (bits)
        left join placed as p on p.nth = 1 and p.ahead >= {round(matching.margin * 100)} and p.weight >= b.bits * 100
        group by b.bits order by b.bits"""
    ).fetchall()
    return tuple(
        versions.Accuracy(int(bits), round(own / placed, 6) if placed else 1.0, round(own / every, 6) if every else 0.0)
        for bits, own, placed, every in rows
    )


def _create_probe(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    # the number of a record is a keyed hash: the first are a fair sample
    probes = matching.probes
    connection.execute(
        f"""create or replace temp table probe as
        with wanted as (
            select place, count(*) / sum(count(*)) over () as share from prepared where tid is null group by place
        ), early as (
            select place, unnest(min(rid, {probes.most})) as rid from entity_row group by place
        ), one as (
            select r.tid, min(r.rid) as rid, arg_min(r.place, r.rid) as place
            from entity_row as r semi join early using (rid) group by r.tid
        ), numbered as (
            select o.rid, o.tid, w.share, row_number() over (partition by o.place order by o.rid) as number
            from one as o join wanted as w using (place)
        )
        select rid, tid, hash(tid, 'rest') as rest from numbered
        where number <= share * least({probes.most}, (select count(*) from entity_row) / {probes.of})"""
    )
    connection.execute(
        f"""create or replace temp table probe_row as from prepared semi join probe using (rid);
        create or replace temp table rest_row as
        select {features.columns(matching, "rest")}
        from entity_row join (select rid as probe, tid, rest from probe) using (tid) where rid <> probe"""
    )


def create_model(connection: duckdb.DuckDBPyConnection, settings: Settings, every: Mapping[str, Matching]) -> None:
    """Create `matching.model(entity, version)`: what this build's matches were made with, the version in force."""
    found = {entity: versions.in_force(settings, every[entity]) for entity in sorted(every)}
    rows = [(entity, version.name) for entity, version in found.items() if version]
    connection.execute("create or replace table matching.model (entity varchar, version varchar)")
    connection.executemany("insert into matching.model values (?, ?)", rows)


def retrained(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, reason: str, actor: str
) -> versions.Version:
    """Train on the records and anchors there are, pin the result and put it in force.

    From the next build on every record is scored anew.
    """
    features.create(connection, matching)
    prepare(connection, settings, matching)
    connection.execute(
        """create or replace temp view left_row as from probe_row;
        create or replace temp view placed_row as from entity_row;
        create or replace temp view target_row as from entity_row union all from rest_row"""
    )
    scoring.create_compared(connection, matching, probes=True)
    return trained(connection, settings, matching, reason, actor)


def trained(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    matching: Matching,
    reason: str,
    actor: str = versions.ENGINE,
) -> versions.Version:
    """Do the same with the probes as they were compared."""
    learned = train(connection, matching)
    version = versions.pin(connection, settings, matching, learned, accuracy(connection, matching, learned))
    versions.enforce(settings, version, reason, actor)
    return version


def create_weight(connection: duckdb.DuckDBPyConnection, settings: Settings, every: Mapping[str, Matching]) -> None:
    """Create `matching.weight(entity, comparison, level, words, bits)`: what each finding weighs in this build."""
    connection.execute(
        """create or replace table matching.weight (
        entity varchar, comparison varchar, level integer, words varchar, bits decimal(8, 2))"""
    )
    rows = [
        (entity, comparison, level, words.said(matching, comparison, level), hundredths / 100)
        for entity, matching in sorted(every.items())
        for comparison, levels in sorted(
            versions.read(settings, entity, versions.named(connection, entity)).weights.items()
        )
        for level, hundredths in sorted(levels.items())
        if level or comparison == "prior"
    ]
    connection.executemany("insert into matching.weight values (?, ?, ?, ?, ?)", rows)
