"""采集 (collected): what communities collected, from the ledger up to its bound; never landed as files.

    landing.<department>__<system>    one row an intake event, in the order of the events
    standard.<department>__<system>   the same in standard elements, one cell a row, as of any system
    standard.<entity>_record          of these only the records of people nobody held yet: they are matched as
                                      any record; what is said of somebody known follows that one's record

The last word on a cell by collected_date, then by event, is current. An event whose value has no standard
value is quarantined as a whole.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import identity, standard_values
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import elements_of
from jiceng_pipeline.warehouse.connection import identifier
from jiceng_pipeline.warehouse.table import Table

_TEXT = ("record_id", "entity_id", "of_record_id", "element_id", "value", "community_code", "source", "kind", "landed")
_SCHEMA = pa.schema(
    [
        ("seq", pa.int64()),
        *((name, pa.string()) for name in _TEXT),
        ("collected_date", pa.date32()),
        ("is_new", pa.bool_()),
    ]
)
_LOCAL_DATE = "cast(strptime(substr(landed, 1, 15), '%Y%m%dT%H%M%S') + interval 8 hour as date)"


def tables(contract: Contract) -> tuple[Table, Table]:
    """Return the events of one collected system as a table, and the same in standard elements."""

    def land(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        connection.register("intake_said", pa.Table.from_pylist(list(_rows(connection, settings, contract)), _SCHEMA))
        try:
            connection.execute(f"create or replace table landing.{contract.table} as {_events(contract)}")
        finally:
            connection.unregister("intake_said")

    def standardise(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        connection.execute(f"create or replace table standard.{contract.table} as {_standard(contract)}")

    what = "社区采集或核实的值，每格一行"
    return (
        Table("landing", contract.table, f"{contract.title}（原样）", f"{what}，取自账本", frozenset(), land),
        Table(
            "standard",
            contract.table,
            f"{contract.title}（标准值）",
            f"{what}，对到数据元；写法与标准不同的，原文保留在旁",
            frozenset({f"landing.{contract.table}", "standard.division_alias"}),
            standardise,
        ),
    )


def _rows(connection: duckdb.DuckDBPyConnection, settings: Settings, contract: Contract) -> Iterator[dict[str, object]]:
    for entry in entries(settings, contract, bound(connection)):
        said = entry.body
        yield {
            "seq": entry.seq,
            "record_id": identity.record_id(settings.secret, contract.name, [str(entry.seq)]),
            "entity_id": said.entity_id,
            "of_record_id": said.record_id,
            "element_id": said.element_id,
            "value": said.value,
            "community_code": said.community_code,
            "source": said.source,
            "kind": said.kind,
            "landed": stamp(entry.at),
            "collected_date": said.collected_date,
            "is_new": said.is_new,
        }


def entries(settings: Settings, contract: Contract, until: int | None) -> list[Entry[Intake]]:
    """Return the intake events of one collected system up to number `until`, oldest first."""
    if not settings.ledger.exists():
        return []
    with open_ledger(settings) as ledger:
        return [each for each in views.entries(ledger, Intake, until=until) if each.body.entity == contract.entity]


def stamp(at: datetime) -> str:
    """Return an instant as landing writes it."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _events(contract: Contract) -> str:
    """Return the select of the events with when each stood; `founds`: it belongs to the record of a new person."""
    proposing = ", ".join(literal(each.id) for each in elements_of(contract.entity) if each.collection == "proposes")
    proposes = f"s.element_id in ({proposing})" if proposing else "false"
    return f"""with ended as (
            select s.seq, min(later.seq) as until_seq from intake_said as s join intake_said as later
                on later.entity_id = s.entity_id and later.element_id = s.element_id and later.seq > s.seq
                and later.collected_date >= s.collected_date
            group by s.seq
        ), outdated as (
            select distinct s.seq from intake_said as s join intake_said as before
                on before.entity_id = s.entity_id and before.element_id = s.element_id and before.seq < s.seq
                and before.collected_date > s.collected_date
        ), founded as (select distinct entity_id from intake_said where is_new)
        select s.*, case when o.seq is not null then s.landed else later.landed end as until,
            o.seq is null and e.seq is null as is_current,
            f.entity_id is not null and (s.is_new or {proposes}) as founds
        from intake_said as s left join ended as e on e.seq = s.seq
        left join intake_said as later on later.seq = e.until_seq
        left join outdated as o on o.seq = s.seq
        left join founded as f on f.entity_id = s.entity_id
        order by s.seq"""


def _standard(contract: Contract) -> str:
    """Return the select of the events that have a standard value, in the shape of any system."""
    asked = {column: each for column, each in contract.elements.items() if each.id != "record_updated_date"}
    cells = "".join(
        f", case when element_id = {literal(each.id)} then value end as {identifier(column)}"
        for column, each in asked.items()
    )
    dated = next(column for column, each in contract.elements.items() if each.id == "record_updated_date")
    rows = f"""select record_id, record_id as row_hash, source as source_file, seq as source_row,
        landed as first_landed, landed, {_LOCAL_DATE} as landed_date, is_current,
        cast(collected_date as varchar) as {identifier(dated)}{cells} from landing.{contract.table}"""
    filled = " or ".join(f"s.{each.id} is not null" for each in asked.values()) or "false"
    return f"select s.* from ({standard_values.system_select(contract, rows)}) as s where {filled} order by s.record_id"


def record_select(entity: str, contract: Contract, raw: str | None) -> str:
    """Return the select of the records of those whom nobody held: one a person, of the cells said of them."""
    held = register.held(contract.columns.values())
    cells = [
        f"{f'max(s.{each.id})' if each.id in held else 'null'}::{each.sql_type} as {each.id}"
        for each in elements_of(entity)
    ]
    if raw:
        cells.append(f"{f'max(coalesce(s.{raw}_raw, s.{raw}))' if raw in held else 'null'}::varchar as {raw}_raw")
    return f"""select l.of_record_id as record_id, any_value(s.system) as system,
            {literal(contract.department)} as department, min(s.first_landed) as first_landed,
            max(s.landed_date) as landed_date, true as is_current, {", ".join(cells)}
        from standard.{contract.table} as s join landing.{contract.table} as l on l.record_id = s.record_id
        where l.founds and l.is_current and l.of_record_id is not null group by l.of_record_id"""


def quarantine_select(contract: Contract) -> str:
    """Return the select of the events that were not taken: a row each, by its number."""
    titles = ", ".join(
        f"({literal(each.id)}, {literal(column)}, {literal(each.title)})" for column, each in contract.elements.items()
    )
    return f"""select {literal(contract.name)} as system, 'row' as level, l.record_id, l.source as source_file,
            l.seq as source_row, t.source_column, t.element_id,
            case when t.element_id is null then '没有这个数据元，或不向社区采集' else '没有标准值：' || t.title
                end as reason
        from landing.{contract.table} as l anti join standard.{contract.table} as s on s.record_id = l.record_id
        left join (values {titles}) as t(element_id, source_column, title) on t.element_id = l.element_id"""


def conservation_select(contract: Contract) -> str:
    """Return the select of the system's conservation: events in = accepted + quarantined."""
    name = literal(contract.name)
    return f"""select {name} as system, (select count(*) from landing.{contract.table}) as rows_in,
        (select count(*) from standard.{contract.table}) as rows_accepted,
        (select count(*) from standard.quarantine where level = 'row' and system = {name}) as rows_quarantined,
        (select count(*) from standard.quarantine where level = 'cell' and system = {name}) as cells_quarantined"""


def outcome_row(contract: Contract, said: Iterable[Entry[Intake]]) -> dict[str, object]:
    """Return how the system stands in landing.outcome: it arrives with the ledger, so it is never stale."""
    times = [entry.at for entry in said]
    last = max(times, default=None)
    return {
        "system": contract.name,
        "status": "landed" if times else "unchanged",
        "delivery": "intake",
        "rows_in": len(times),
        "rows_accepted": len(times),
        "rows_rejected": 0,
        "started": last.isoformat() if last else None,
        "snapshot": None,
        "snapshot_date": last.astimezone(clock.LOCAL).date() if last else None,
        "is_stale": False,
    }
