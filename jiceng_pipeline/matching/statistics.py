"""What a model version knows of the whole: common values, bearers of a name, systems that list one entity twice."""

import duckdb
import numpy as np
import numpy.typing as npt

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features
from jiceng_pipeline.matching.model import Matching
from jiceng_pipeline.standard.macro import literal

OFTEN = 0.5  # of the holders that would stop it: what more records hold is stopped if the version lists it
_SHARED = 0.05  # of the entities of a system, how many have several records there, for that to be usual
_ENOUGH = 60_000  # records tell that as well as all of them


def name(matching: Matching, row: str) -> str:
    """Return SQL: the number of the name whose bearers are counted, null where none are."""
    return next((f"{row}.b_{each}" for each in matching.counted()), "cast(null as ubigint)")


def learn(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create temp tables `stopped(kind, value)`, `name_count(name, entities)`, `shared_place(place)`."""
    create_often(connection, matching, share=1)
    rows = "(select *, coalesce(tid, rid) as entity from prepared)"
    connection.execute(
        f"""create or replace temp table stopped as
        with held as (
            select kind, value, entity from ({held(matching, "entity", rows)}) semi join often using (kind, value)
        )
        select o.kind, o.value from often as o join held as h using (kind, value)
        group by o.kind, o.value, o.holders having count(distinct h.entity) > o.holders"""
    )
    connection.execute(
        f"""create or replace temp table name_count as
        with borne as (
            select distinct {name(matching, "r")} as name, coalesce(r.tid, r.rid) as entity from prepared as r
        )
        select name, count(*) as entities from borne where name is not null group by name having entities > 1"""
    )
    connection.execute(
        f"""create or replace temp table shared_place as
        with held as (
            select tid, place, count(*) as records from prepared
            where tid is not null and is_current and tid % {_some(connection)} = 0 group by tid, place
        )
        select place from held group by place having count(*) filter (where records > 1) > {_SHARED} * count(*)"""
    )


def key(connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching) -> None:
    """Create `keyed_value` and `keyed_name`, by which a model version keeps what was learned. Needs `apply`."""
    create_keyed_value(connection, settings, matching, "stopped", "from stopped_holding")
    create_keyed_name(connection, settings, matching, "select name from name_count")


def _some(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many entities there are for each that is looked at, chosen by its number."""
    records: int = connection.execute("select count(*) from prepared").fetchall()[0][0]
    return max(1, records // _ENOUGH)


def held(matching: Matching, identity: str = "rid", rows: str = "prepared", of: int | None = None) -> str:
    """Return a select of (identity, kind, value): what the rows hold `of` one kind or any that has common values."""
    kinds = {kind for kind, _ in features.limited(matching)} if of is None else {of}
    return features.values(matching, rows, identity, kinds, all_said=True)


def apply(connection: duckdb.DuckDBPyConnection, matching: Matching, table: str = "prepared") -> None:
    """Remove the values in `stopped` from `prepared`, which is this `table`.

    `stopped_holding(rid, kind, value)` says who held them.
    """
    connection.execute(
        f"""create or replace temp table stopped_holding as
        from ({held(matching)}) semi join stopped using (kind, value)"""
    )
    said = {kind for (kind,) in connection.execute("select distinct kind from stopped").fetchall()}
    for kind, _, cell in features.cells_of(matching):
        if kind in said:
            connection.execute(
                f"update {table} set {cell} = null where {cell} in (select value from stopped where kind = {kind})"
            )


def create_often(connection: duckdb.DuckDBPyConnection, matching: Matching, share: float = OFTEN) -> None:
    """Create temp table `often(kind, value, holders)`: what more records hold than that share of what would stop it.

    Of what fewer hold nothing has to be known.
    """
    _declare_often(connection)
    for kind, each in features.limited(matching):
        holders = each.holders or 0
        values = connection.execute(f"select value from ({held(matching, of=kind)})").fetchnumpy()["value"]
        # as text: to bind a value, DuckDB imports pandas, half a second and 50 MB that nothing here needs
        common = literal(str(_common(np.asarray(values), int(share * holders)).tolist()))
        connection.execute(f"insert into often select {kind}, unnest(cast({common} as uinteger[])), {holders}")


def create_often_of_few(connection: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Create the same of the values that `prepared` holds, of a few records, but counted among all records."""
    _declare_often(connection)
    for kind, each in features.limited(matching):
        holders = each.holders or 0
        said = " union all ".join(f"select mark_number({sql}) as value from {matching.records}" for sql in each.columns)
        connection.execute(
            f"""insert into often
            select {kind}, value, {holders} from ({said}) semi join ({held(matching, of=kind)}) using (value)
            group by value having count(*) > {int(OFTEN * holders)}"""
        )


def _declare_often(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create or replace temp table often (kind utinyint, value uinteger, holders integer)")


def _common(values: npt.NDArray[np.uint32], often: int) -> npt.NDArray[np.uint32]:
    """Return, each once, what is there more than that often; the values are sorted, which is faster than to count."""
    values.sort()
    found: npt.NDArray[np.uint32] = values[often:][values[often:] == values[: max(0, len(values) - often)]]
    is_first = np.ones(len(found), np.bool_)
    is_first[1:] = found[1:] != found[:-1]
    return found[is_first]


def create_keyed_value(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, values: str, holding: str
) -> None:
    """Create temp table `keyed_value(kind, value, keyed)` of `values`: the number here, and the hash that is kept.

    By chance somebody's own value may have the number of one that many hold: so two holders are asked what it says, and
    a number may have two hashes; `holding` selects (rid, kind, value): who holds which.
    """
    kinds = {kind for (kind,) in connection.execute(f"select distinct kind from {values}").fetchall()}
    cells = [(kind, sql) for kind, sql, _ in features.cells_of(matching) if kind in kinds]
    if not cells:
        connection.execute(
            f"create or replace temp table keyed_value as select *, cast(0 as ubigint) as keyed from {values}"
        )
        return
    read = features.said(connection, matching, features.words(*(sql for _, sql in cells)))
    connection.execute(
        f"""create or replace temp table said as
        with holder as (
            select v.kind, v.value, min(r.rid) as first, max(r.rid) as last
            from {values} as v join ({holding}) as r using (kind, value) group by all
        ), asked as (select kind, value, first as rid from holder union select kind, value, last from holder)
        select h.kind as said_kind, h.value as said_value, {read} from asked as h join prepared as p using (rid)
        join {matching.records} as r on r.content_mark = p.mark"""
    )
    parts = [
        f"""select r.said_kind as kind, r.said_value as value, {_keyed(settings, kind, sql)} as keyed
        from said as r where r.said_kind = {kind} and mark_number({sql}) = r.said_value"""
        for kind, sql in cells
    ]
    connection.execute(f"create or replace temp table keyed_value as {' union '.join(parts)}")


def create_keyed_name(
    connection: duckdb.DuckDBPyConnection, settings: Settings, matching: Matching, names: str
) -> None:
    """Create temp table `keyed_name(name, keyed)` of the `names` selected: the number here, and the hash kept."""
    said = next((matching.features[each] for each in matching.counted()), "cast(null as varchar)")
    connection.execute(
        f"""create or replace temp table keyed_name as
        select name, {_keyed(settings, "name", "said")} as keyed
        from (
            select value_number(said) as name, said from (select distinct {said} as said from {matching.records})
        ) where name in ({names})"""
    )


def _keyed(settings: Settings, kind: int | str, sql: str) -> str:
    return f"md5_number_lower({literal(f'{settings.secret}|{kind}|')} || cast({sql} as varchar))"
