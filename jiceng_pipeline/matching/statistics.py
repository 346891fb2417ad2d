"""What a model version knows of the whole: common values, bearers of a name, systems that list one entity twice."""

import duckdb

from jiceng_pipeline.matching import features
from jiceng_pipeline.matching.comparisons import namesakes
from jiceng_pipeline.matching.model import Matching

_SHARED = 0.05  # of the entities of a system, how many have several records there, for that to be usual


def learn(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp tables `stopped(kind, value)`, `name_count(name, entities)`, `shared_system(system)`."""
    features.create_stopped(connection, matching)
    create_named(connection, matching)
    connection.execute(
        """create or replace temp table name_count as
        select n.name, count(distinct coalesce(r.identifier, r.record_id)) as entities
        from named as n join record as r using (rid) group by n.name having entities > 1"""
    )
    connection.execute(
        f"""create or replace temp table shared_system as
        with held as (
            select r.identifier, f.system, count(*) as records
            from record as r join face as f using (rid) where r.identifier is not null and r.is_current
            group by r.identifier, f.system
        )
        select system from held group by system
        having count(*) filter (where records > 1) > {_SHARED} * count(*)"""
    )


def create_named(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp view `named(rid, name)`: a number for the name whose bearers are counted."""
    name = next((f"b_{each}" for each in matching.counted()), "cast(null as ubigint)")
    connection.execute(
        f"create or replace temp view named as select rid, {name} as name from prepared where {name} is not null"
    )


def apply(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `place(rid, place, is_shared)` and `namesakes(rid, level)`, and remove common values."""
    features.remove_stopped(connection)
    connection.execute(
        """create or replace temp table place as
        select f.rid, f.system as place, s.system is not null as is_shared
        from face as f join record as r using (rid) left join shared_system as s on s.system = f.system
        where r.is_current"""
    )
    connection.execute(
        f"""create or replace temp table namesakes as
        select n.rid, {namesakes.level("coalesce(c.entities, 1)")} as level
        from named as n left join name_count as c using (name)"""
    )
