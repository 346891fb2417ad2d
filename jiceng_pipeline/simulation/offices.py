"""What each office holds: one Parquet file a system and township, from which every store is written.

Beside the columns of the source, as text, a row has `_entity` (of whom or what it speaks) and `_errors`
(the errors made in it, `column` and `kind` with a tab between).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import journal
from jiceng_pipeline.simulation.journal import ENTITY, ERRORS, SINCE
from jiceng_pipeline.simulation.plan import Shard
from jiceng_pipeline.simulation.store import TOWNSHIP, Mark, Records, whole

BETWEEN = "\t"


def keep(settings: Settings, system: str, shard: Shard, records: Records) -> None:
    """Keep what an office wrote down of one township, instead of what was kept of it."""
    keep_rows(settings, system, shard.township, rows(records))


def keep_rows(settings: Settings, system: str, township: str, held: Any) -> None:
    """Keep a table of `rows` of one township."""
    with whole(folder(settings, system) / f"{township}.parquet") as draft:
        pq.write_table(held, draft, compression="zstd", compression_level=1, use_dictionary=[ERRORS])


def kept(
    settings: Settings, system: str, columns: Sequence[str] | None = None, before: int | None = None
) -> Iterator[Any]:
    """Yield what is kept of each township, a table each, in the order of their codes.

    What was written again since the first day stands for what was written then; `before` a day leaves out
    that day and later ones. A column may be SINCE, the day since which a record is there.
    """
    again = journal.written_again(folder(settings, system), before)
    for path in sorted(folder(settings, system).glob("*.parquet")):
        read = None if columns is None else sorted({*columns, ENTITY} - {SINCE})
        rows = pq.read_table(path, columns=read, partitioning=None).replace_schema_metadata(None)
        if columns is not None and SINCE in columns:
            rows = rows.append_column(SINCE, pa.array(np.zeros(rows.num_rows, np.int32)))
        rows = journal.overlaid(rows, path.stem, again, rows.column_names if columns is None else columns)
        yield rows.replace_schema_metadata({TOWNSHIP: path.stem.encode()})


def told(settings: Settings, system: str) -> Iterator[Any]:
    """Yield the columns of the source alone, a table a township."""
    for table in kept(settings, system):
        yield table.drop_columns([ENTITY, ERRORS])


def folder(settings: Settings, system: str) -> Path:
    """Return where the rows of a system lie."""
    return settings.simulated / "offices" / system.replace("/", "__")


def rows(records: Records) -> Any:
    """Return the source columns with `_entity` and `_errors`."""
    return records.table.append_column(ENTITY, records.entity_id).append_column(
        ERRORS, _errors(records.marks, records.table.num_rows)
    )


def _errors(marks: Sequence[Mark], count: int) -> pa.Array:
    """Return for each row the names of the errors made in it."""
    labels = pa.array([f"{mark.column}{BETWEEN}{mark.kind}" for mark in marks], pa.string())
    found = [np.flatnonzero(mark.rows) for mark in marks]
    row = np.concatenate([np.empty(0, np.int64), *found])
    label = np.repeat(np.arange(len(marks)), [len(each) for each in found])
    order = np.argsort(row, kind="stable")
    offsets = np.searchsorted(row[order], np.arange(count + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), labels.take(pa.array(label[order])))
