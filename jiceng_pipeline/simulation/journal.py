"""What an office wrote down again after the first day, beside what it holds of each township.

    offices/<department>__<system>/changes/<day>.parquet

Whoever an office writes of again, it writes all its records of; earlier ones of theirs no longer count.
The file of a day has all that was written since the first one as it stands that day, and the records that
were struck out; the file of the day before is kept, so that a day may be made over again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiceng_pipeline.simulation.chance import Bools
from jiceng_pipeline.simulation.store import Change, source_key, whole
from jiceng_pipeline.simulation.text import Text

# Beside the source's columns: of whom, which errors were made, since which day the record is there, in which
# township, and its last day where it was struck out.
ENTITY, ERRORS, SINCE, SHARD, ENDED = "_entity", "_errors", "_since", "_shard", "_ended"
FIRST = 0


def written_again(folder: Path, before: int | None = None) -> Any | None:
    """Return what was written since the first day, as it stood before a day (now); none: nothing was."""
    days = [day for day in _files(folder) if before is None or day < before]
    return pq.read_table(_files(folder)[max(days)], partitioning=None).combine_chunks() if days else None


def overlaid(rows: Any, township: str, again: Any | None, columns: Sequence[str]) -> Any:
    """Return columns of a township's records: those of the first day that still count, and what was written since."""
    if again is None:
        return rows.select(list(columns))
    rows = rows.filter(pc.invert(pc.is_in(rows[ENTITY], again[ENTITY]))).select(list(columns))
    mine = again.filter(pc.and_(pc.equal(again[SHARD], township), pc.is_null(again[ENDED])))
    return pa.concat_tables([rows, mine.select(list(columns)).cast(rows.schema)])


def held(folder: Path, key: Sequence[str], day: int, subjects: Text) -> Any:
    """Return key columns, ENTITY, ERRORS, SINCE and SHARD of the records an office had of subjects when a day began."""
    again, found = written_again(folder, day), []
    wanted = list(dict.fromkeys([*key, ENTITY, ERRORS]))
    for path in sorted(folder.glob("*.parquet")):
        rows = pq.read_table(path, columns=wanted, partitioning=None)
        mask = pc.is_in(rows[ENTITY], subjects)
        if again is not None:
            mask = pc.and_not(mask, pc.is_in(rows[ENTITY], again[ENTITY]))
        rows = rows.filter(mask).replace_schema_metadata(None)
        rows = rows.append_column(SINCE, pa.array(np.full(rows.num_rows, FIRST, np.int32)))
        found.append(rows.append_column(SHARD, pa.repeat(pa.scalar(path.stem), rows.num_rows)))
    if again is not None:
        live = again.filter(pc.and_(pc.is_null(again[ENDED]), pc.is_in(again[ENTITY], subjects)))
        found.append(live.select([*wanted, SINCE, SHARD]).replace_schema_metadata(None))
    return pa.concat_tables(found).combine_chunks()


def has_errors(old: Any, subjects: Text) -> Bools:
    """Return of which subjects there is a record with an error in it among `held` ones."""
    wrong = old[ENTITY].filter(pc.greater(pc.list_value_length(old[ERRORS]), 0))
    return np.asarray(pc.is_in(subjects, wrong.combine_chunks()))


def write(folder: Path, key: tuple[str, ...], day: int, subjects: Text, old: Any, rows: Any) -> Change:
    """Note all that an office writes down of subjects on a day, and return what that changes.

    `old` are the records it `held`; `rows` have the source's columns, ENTITY, ERRORS and SHARD.
    """
    old = old.filter(pc.is_in(old[ENTITY], subjects)).combine_chunks()
    new_keys, old_keys = source_key(rows, key), source_key(old, key)
    since = old[SINCE].combine_chunks().take(pc.index_in(new_keys, old_keys))
    rows = rows.append_column(SINCE, pc.fill_null(since, pa.scalar(day, pa.int32())))
    rows = rows.append_column(ENDED, pa.nulls(rows.num_rows, pa.int32())).replace_schema_metadata(None)
    struck = old.filter(pc.invert(pc.is_in(_paired(old_keys, old), _paired(new_keys, rows))))
    if len(rows) or len(struck):
        _keep(folder, day, subjects, rows, _ended(struck, rows.schema, day - 1))
    gone = old.filter(pc.invert(pc.is_in(old_keys, new_keys))).select(list(key))
    return Change(rows.select([name for name in rows.column_names if not name.startswith("_")]), gone)


def lifetime(rows: Any, key: tuple[str, ...]) -> Any:
    """Return source_key, entity, first_day and last_day (null: it is there) of records, counted from the first day."""
    last = rows[ENDED] if ENDED in rows.column_names else pa.nulls(rows.num_rows, pa.int32())
    return pa.table(
        {"source_key": source_key(rows, key), "entity": rows[ENTITY], "first_day": rows[SINCE], "last_day": last}
    )


def ended(folder: Path, key: tuple[str, ...]) -> list[Any]:
    """Return the records that were struck out, as `lifetime` does."""
    again = written_again(folder)
    return [] if again is None else [lifetime(again.filter(pc.is_valid(again[ENDED])), key)]


def _keep(folder: Path, day: int, subjects: Text, rows: Any, struck: Any) -> None:
    before = written_again(folder, day)
    parts = [rows, struck]
    if before is not None:
        counts = pc.or_(pc.is_valid(before[ENDED]), pc.invert(pc.is_in(before[ENTITY], subjects)))
        parts.insert(0, before.filter(counts).select(rows.column_names).cast(rows.schema))
    with whole(folder / "changes" / f"{day:05d}.parquet") as draft:
        pq.write_table(pa.concat_tables(parts), draft, compression="lz4")
    for old in sorted(each for each in _files(folder) if each < day)[:-1]:
        _files(folder)[old].unlink()


def _ended(struck: Any, schema: pa.Schema, last: int) -> Any:
    """Return struck out records in the shape of written ones; of the source's columns only the key is kept."""
    kept = struck.append_column(ENDED, pa.repeat(pa.scalar(last, pa.int32()), struck.num_rows))
    columns = [
        kept[field.name] if field.name in kept.column_names else pa.nulls(struck.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _files(folder: Path) -> dict[int, Path]:
    return {int(path.stem): path for path in (folder / "changes").glob("[0-9]*.parquet")}


def _paired(keys: Text, rows: Any) -> Text:
    return pc.binary_join_element_wise(keys, rows[ENTITY].combine_chunks(), "\x1f")
