"""What happened in the city since its first day, for the evaluation: a row an event."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.store import whole

COLUMNS = ("kind", "subject", "entity", "before", "after")


def path(settings: Settings) -> Path:
    """Return where the history lies: day, date, kind, subject, entity, before, after."""
    return settings.simulated / "truth" / "history.parquet"


def add(settings: Settings, events: Sequence[Any], day: int, on: date) -> None:
    """Add the events of a day, in place of any that are there of it and of later days."""
    at = path(settings)
    rows = pa.concat_tables([each.select(COLUMNS) for each in events])
    rows = rows.add_column(0, "date", pa.repeat(pa.scalar(on), rows.num_rows))
    rows = rows.add_column(0, "day", pa.repeat(pa.scalar(day, pa.int32()), rows.num_rows))
    if day > 1 and at.exists():
        before = pq.read_table(at, partitioning=None)
        rows = pa.concat_tables([before.filter(pc.less(before["day"], day)), rows])
    with whole(at) as draft:
        pq.write_table(rows, draft, compression="zstd")
