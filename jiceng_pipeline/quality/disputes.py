"""异议 (disputes): which cells communities doubt, who is asked, and how long an answer takes.

    quality.dispute        one row a doubt; never the believed value, which stays in the ledger
    quality.open_dispute   the cells in doubt now (entity, entity_id, element_id): shown as 存疑 wherever shown; also
                           those for which a community collected another value, while its owner is asked
    quality.dispute_hold   who must not be put on an adverse list meanwhile (entity, entity_id): also whom a
                           community found otherwise, while the owner of that value is asked
    quality.dispute_count  per system asked: how many, how decided, in how many working days

An adverse list adds `where resident_id not in (select entity_id from
quality.dispute_hold where entity = 'resident')`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256

import duckdb
import pyarrow as pa

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.bound import bound
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.dispute_decision import DisputeDecision
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.quality import working_days
from jiceng_pipeline.quality.tables import existing
from jiceng_pipeline.standard import divisions
from jiceng_pipeline.warehouse.table import Table

OPEN = "open"
STATES = {OPEN: "待处理", "upheld": "异议成立", "rejected": "异议不成立", "withdrawn": "已撤回"}
_LINKS = ("matching.resident_link", "matching.enterprise_link")


@dataclass(frozen=True)
class Doubt:
    """One row of quality.dispute. `working_days` is how long it took, or has been waiting."""

    dispute_id: str
    entity: str
    entity_id: str
    element_id: str
    community_code: str
    systems: tuple[str, ...]
    record_id: str | None
    state: str
    opened_date: date
    decided_date: date | None
    working_days: int

    @property
    def subject(self) -> str:
        """Return the cell, as the ledger names it."""
        return f"{self.entity}:{self.entity_id}:{self.element_id}"


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("dispute_id", "entity", "entity_id", "element_id", "community_code")),
        ("systems", pa.list_(pa.string())),
        ("record_id", pa.string()),
        ("state", pa.string()),
        ("opened_date", pa.date32()),
        ("decided_date", pa.date32()),
        ("working_days", pa.int64()),
    ]
)


_VIEWS = {
    "open_dispute": (
        "存疑的格子",
        "有待处理异议、或社区采集的值还在核实的格子，凡显示处都标存疑",
        """select entity, entity_id, element_id from quality.dispute where state = 'open'
        union select entity, entity_id, element_id from governance.collected_cell where state = 'proposed'
        order by all""",
    ),
    "dispute_hold": (
        "异议期间不处置的对象",
        "有待处理异议、或社区采集的值还在核实的对象，处理之前不进任何不利名单",
        """select entity, entity_id from quality.dispute where state = 'open'
        union select entity, entity_id from governance.collected_cell where state = 'proposed' order by all""",
    ),
    "dispute_count": (
        "各系统异议办理",
        "问到各系统的异议有多少、怎样处理、用了几个工作日",
        """select system, count(*) as disputes, count(*) filter (where state = 'open') as still_open,
            count(*) filter (where state = 'upheld') as upheld,
            count(*) filter (where state = 'rejected') as rejected,
            median(working_days) filter (where decided_date is not null) as median_working_days,
            max(working_days) filter (where state = 'open') as longest_waiting_days
        from (select *, unnest(systems) as system from quality.dispute) group by system order by system""",
    ),
}


def tables() -> tuple[Table, ...]:
    """Return the table of the build and the views on it."""
    doubt = Table(
        "quality",
        "dispute",
        "异议",
        "社区认为不对的格子：问了哪些系统、处理没有、用了几个工作日；不含社区认为的值",
        frozenset({*_LINKS, "landing.outcome"}),
        build,
    )
    return (doubt, *(_view(name) for name in _VIEWS))


def _view(name: str) -> Table:
    title, purpose, select = _VIEWS[name]

    def create(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        connection.execute(f"create or replace view quality.{name} as {select}")

    read = frozenset({"quality.dispute", "governance.collected_cell"})
    return Table("quality", name, title, purpose, read, create, is_view=True)


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write quality.dispute; a doubt follows its record where that is another entity's now."""
    found: list[Doubt] = []
    if settings.ledger.exists():
        with open_ledger(settings) as ledger:
            found = doubts(settings, ledger, bound(connection))
    known = existing(connection)
    links = " union all ".join(f"select record_id, entity_id from {link}" for link in _LINKS if link in known)
    moved = f"left join ({links}) as link on link.record_id = d.record_id" if links else ""
    entity_id = "coalesce(link.entity_id, d.entity_id)" if links else "d.entity_id"
    connection.register("doubt", pa.Table.from_pylist([asdict(each) for each in found], schema=_SCHEMA))
    try:
        connection.execute(
            f"""create or replace table quality.dispute as
            select d.* replace ({entity_id} as entity_id) from doubt as d {moved} order by d.dispute_id"""
        )
    finally:
        connection.unregister("doubt")


def open_cells(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """Return (entity, entity_id, element_id) of every cell in doubt; in SQL, join quality.open_dispute instead."""
    if "quality.open_dispute" not in existing(connection):
        return set()
    return set(connection.execute("select entity, entity_id, element_id from quality.open_dispute").fetchall())


def doubts(settings: Settings, ledger: Ledger, until: int | None = None) -> list[Doubt]:
    """Return every doubt up to the business date and event number `until`, oldest first.

    A doubt about a cell that is in doubt already adds nothing; after a decision it is a new one. What a community
    doubted that was merged since is of what it became.
    """
    day, became = clock.business_date(settings), divisions.merged(settings)
    said: Sequence[Entry[Dispute] | Entry[DisputeDecision]] = sorted(
        [*views.entries(ledger, Dispute, until=until), *views.entries(ledger, DisputeDecision, until=until)],
        key=lambda entry: entry.seq,
    )
    found: dict[str, Doubt] = {}
    standing: dict[str, str] = {}
    for entry in said:
        when = entry.at.astimezone(clock.LOCAL).date()
        if when > day:
            continue
        if isinstance(entry.body, Dispute):
            if entry.subject not in standing:
                place = became.get(entry.body.community_code, entry.body.community_code)
                opened = replace(_opened(entry.seq, entry.body, when, day), community_code=place)
                found[opened.dispute_id], standing[entry.subject] = opened, opened.dispute_id
        elif dispute := standing.pop(entry.subject, None):
            took = working_days.between(found[dispute].opened_date, when)
            found[dispute] = replace(found[dispute], state=entry.body.verdict, decided_date=when, working_days=took)
    return list(found.values())


def _opened(seq: int, body: Dispute, when: date, day: date) -> Doubt:
    return Doubt(
        dispute_id=sha256(f"{body.subject}\x1f{seq}".encode()).hexdigest()[:16],
        entity=body.entity,
        entity_id=body.entity_id,
        element_id=body.element_id,
        community_code=body.community_code,
        systems=body.systems,
        record_id=body.record_id,
        state=OPEN,
        opened_date=when,
        decided_date=None,
        working_days=working_days.between(when, day),
    )
