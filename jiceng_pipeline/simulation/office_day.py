"""An office's day: what it heard of is written down again, what it found wrong is put right, and its store follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import calendar, delivery, journal, offices
from jiceng_pipeline.simulation.journal import ENTITY, SHARD
from jiceng_pipeline.simulation.running import Servers, place
from jiceng_pipeline.simulation.store import TOWNSHIP, Change, Store, stores
from jiceng_pipeline.simulation.text import Text
from jiceng_pipeline.simulation.township import Written


@dataclass(frozen=True)
class Office:
    """An office at work on a day."""

    settings: Settings
    system: str
    day: int
    today: date
    url: str

    @property
    def store(self) -> Store:
        """Return the store it writes into."""
        return stores()[self.system]


def write(office: Office, told: Sequence[Written], mergers: Mapping[str, Mapping[str, str]]) -> int:
    """Write down what the office heard and found, bring its store up to it, return how many records change.

    `told` is what it writes of each township; `mergers` are the townships in which it writes new names of
    communities, and the words.
    """
    folder = offices.folder(office.settings, office.system)
    heard = pa.concat_arrays(each.heard for each in told)
    reviewed = pa.concat_arrays(each.reviewed for each in told) if not mergers else heard.slice(0, 0)
    rows = pa.concat_tables(each.rows for each in told).combine_chunks().replace_schema_metadata(None)
    parts = [heard, reviewed]
    if mergers:
        renamed = _renamed(office, heard, mergers)
        parts.append(pc.unique(renamed[ENTITY]))
    old = journal.held(folder, office.store.KEY, office.day, pa.concat_arrays(parts))
    parts[1] = reviewed.filter(pa.array(journal.has_errors(old, reviewed)))
    rows = rows.filter(pc.is_in(rows[ENTITY], pa.concat_arrays(parts[:2])))
    if mergers:
        rows = pa.concat_tables([rows, renamed.select(rows.column_names)]).combine_chunks()
    change = journal.write(folder, office.store.KEY, office.day, pa.concat_arrays(parts), old, rows)
    _deliver(office, change)
    return len(change)


def _renamed(office: Office, subjects: Text, words: Mapping[str, Mapping[str, str]]) -> Any:
    """Return the records of everybody, but for `subjects`, in which a community is called as it was before."""
    column, found = office.store.COMMUNITY, []
    for rows in offices.kept(office.settings, office.system, before=office.day):
        township = rows.schema.metadata[TOWNSHIP].decode()
        if township in words:
            old, new = pa.array(list(words[township])), pa.array(list(words[township].values()))
            theirs = rows[ENTITY].filter(pc.is_in(rows[column], old))
            mask = pc.and_(pc.is_in(rows[ENTITY], theirs), pc.invert(pc.is_in(rows[ENTITY], subjects)))
            rows = rows.filter(mask).combine_chunks()
            values = pc.coalesce(
                new.take(pc.index_in(rows[column].combine_chunks(), old)), rows[column].combine_chunks()
            )
            rows = rows.set_column(rows.column_names.index(column), column, values)
            found.append(rows.append_column(SHARD, pa.repeat(pa.scalar(township), rows.num_rows)))
    return pa.concat_tables([each.replace_schema_metadata(None) for each in found])


def _deliver(office: Office, change: Change) -> None:
    where = place(office.settings, office.system, Servers(office.url, ""))
    heading = calendar.heading(office.system, office.day)
    if revise := getattr(office.store, "revise", None):
        revise(change, office.today, where, heading)
    else:
        delivery.deliver(office.settings, office.store, office.day, office.today, where, heading)
