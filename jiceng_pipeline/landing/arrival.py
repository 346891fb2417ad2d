"""Rows as they arrive: named, hashed and written to Parquet batch by batch, memory flat with size."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jiceng_pipeline.connectors.base import BATCH_ROWS, FILE, ROW, Reject
from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import StorageFailure
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.departments.delivery import Incremental
from jiceng_pipeline.landing import identity, increment, snapshot
from jiceng_pipeline.landing.increment import Change
from jiceng_pipeline.landing.snapshot import ENDED, RECORD_ID, ROW_HASH, Snapshot
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier, quoted

NO_KEY = "缺少主键"
DOUBLED = "主键重复，只收最新的一行（能增量拉取的系统，一个主键只能有一行）"
_WAITING_ROWS = 2 * BATCH_ROWS  # hashed and written at a time
_MADE = (RECORD_ID, ROW_HASH, ENDED)
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
_REJECTS = pa.schema([(FILE, pa.string()), (ROW, pa.int64()), ("reason", pa.string())])


class Arrival:
    """One delivery being written to `folder`; `engine` is a scratch database that may spill there."""

    def __init__(self, contract: Contract, secret: str, folder: Path, engine: duckdb.DuckDBPyConnection) -> None:
        self._contract, self._secret, self._folder, self._engine = contract, secret, folder, engine
        self._waiting: list[pa.RecordBatch] = []
        self._worker = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self.accepted = self.rejected = 0
        self.cursor: str | None = None  # the highest of all rows
        self.change = Change()
        delivery = contract.delivery
        self._incremental = delivery if isinstance(delivery, Incremental) else None
        text = [(name, pa.string()) for name in contract.source_columns]
        self._schema = pa.schema(
            [(RECORD_ID, pa.string()), (ROW_HASH, pa.string()), (FILE, pa.string()), (ROW, pa.int64()), *text]
        )
        if self._incremental:
            self._schema = self._schema.append(pa.field(ENDED, pa.bool_()))
        with _storing(folder):
            self._rows = _writer(folder / snapshot.ROWS, self._schema)
            self._rejects = _writer(folder / snapshot.REJECTS, _REJECTS)

    def close(self) -> None:
        """Close the files, whole or not."""
        self._worker.shutdown()
        with _storing(self._folder):
            self._rows.close()
            self._rejects.close()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch as a connector gives it."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= _WAITING_ROWS:
            with _storing(self._folder):
                self._flush()

    def reject(self, rejects: Sequence[Reject]) -> None:
        """Take rows that a connector could not read."""
        if rejects:
            rows = [(each.file, each.row, each.reason) for each in rejects]
            with _storing(self._folder):
                self._write_rejects(pa.table(list(map(list, zip(*rows, strict=True))), schema=_REJECTS))

    def finish(self, links: Sequence[Snapshot] = ()) -> str:
        """Write what waits, see to doubled keys, close the files and return the content hash.

        Of an increment upon the chain `links` only what is news there stays in the file.
        """
        with _storing(self._folder):
            self._flush()
            self._written()
            self._rows.close()
            if self._incremental:
                self._refuse_doubled(self._incremental.cursor)
                self.change = increment.settle(self._engine, self._folder / snapshot.ROWS, links)
            else:
                self._number_doubled()
            self._rejects.close()
            return self._content_hash("incremental" if links else "full")

    def _flush(self) -> None:
        if not self._waiting:
            return
        key = identity.key_expression(self._contract.key)
        columns = self._contract.source_columns
        arrived = pa.Table.from_batches(self._waiting)
        self._engine.register("arrived", arrived)
        self._waiting = []
        found = self._engine.execute(
            f"""select {identity.record_id_expression(self._secret, self._system, key, "1")} as {RECORD_ID},
                {identity.row_hash_expression(columns)} as {ROW_HASH}, {self._ended()}
                trim(concat({", ".join(map(identifier, self._contract.key))}), {_BLANKS}) = '' as is_blank
            from arrived"""
        ).to_arrow_table()
        if self._incremental:
            highest = self._engine.execute(increment.highest("arrived", self._incremental.cursor)).fetchall()[0][0]
            self.cursor = increment.later(self.cursor, highest)
        self._engine.unregister("arrived")
        blank = found["is_blank"]
        places = [(name, found if name in _MADE else arrived) for name in self._schema.names]
        rows = pa.table([each[name] for name, each in places], schema=self._schema)
        if pc.any(blank).as_py():
            nameless = rows.filter(blank)
            reasons = pa.repeat(pa.scalar(NO_KEY), nameless.num_rows)
            self._write_rejects(pa.table([nameless[FILE], nameless[ROW], reasons], schema=_REJECTS))
            rows = rows.filter(pc.invert(blank))
        self.accepted += rows.num_rows
        self._write(rows)

    def _write(self, rows: pa.Table) -> None:
        """Write rows while the next are fetched and named; wait for those before."""
        self._written()
        self._writing = self._worker.submit(self._rows.write_table, rows, row_group_size=_WAITING_ROWS)

    def _written(self) -> None:
        """Wait until what was given to be written is written, and raise what went wrong."""
        writing, self._writing = self._writing, None
        if writing:
            writing.result()

    def _write_rejects(self, rejects: pa.Table) -> None:
        self.rejected += rejects.num_rows
        self._rejects.write_table(rejects)

    def _ended(self) -> str:
        """Return the SQL for whether a row says that its record has ended, nothing where no row ever does."""
        if self._incremental is None:
            return ""
        deleted = self._incremental.deleted
        told = f"trim({identifier(deleted.column)}) = {literal(deleted.value)}" if deleted else "false"
        return f"coalesce({told}, false) as {ENDED},"

    @property
    def _system(self) -> str:
        return f"'{quoted(self._contract.name)}'"

    def _refuse_doubled(self, cursor: str) -> None:
        """Reject all but the latest row of a key: an increment cannot say which of several it replaces."""
        doubled = increment.leave_doubled(self._engine, self._folder / snapshot.ROWS, cursor)
        if doubled.num_rows:
            reasons = pa.repeat(pa.scalar(DOUBLED), doubled.num_rows)
            self._write_rejects(pa.table([doubled[FILE], doubled[ROW], reasons], schema=_REJECTS))
            self.accepted -= doubled.num_rows

    def _number_doubled(self) -> None:
        """Give the second and further rows of one key ids of their own, in the order of their content."""
        path = self._folder / snapshot.ROWS
        rows = f"read_parquet('{quoted(str(path))}', file_row_number = true)"
        key = identity.key_expression(self._contract.key)
        found = self._engine.execute(
            f"""select place, {identity.record_id_expression(self._secret, self._system, "key", "ordinal")} as id
            from (
                select file_row_number as place, {key} as key, row_number() over (
                    partition by {RECORD_ID} order by {ROW_HASH}, {ROW} nulls first, {FILE}, file_row_number
                ) as ordinal
                from {rows}
                where hash({RECORD_ID}) in (select hash({RECORD_ID}) from {rows} group by all having count(*) > 1)
            )
            where ordinal > 1 order by place"""
        ).to_arrow_table()
        if found.num_rows:
            self._renumber(path, found["place"].to_numpy(), found["id"].combine_chunks())

    def _renumber(self, path: Path, places: npt.NDArray[np.int64], ids: pa.Array) -> None:
        """Write the rows again with other record ids at `places`, a row group at a time."""
        draft = path.with_suffix(".draft")
        with pq.ParquetFile(path) as old, _writer(draft, self._schema) as new:
            begin = 0
            for group in range(old.num_row_groups):
                rows = old.read_row_group(group)
                first, last = np.searchsorted(places, (begin, begin + rows.num_rows))
                mask = np.zeros(rows.num_rows, bool)
                mask[places[first:last] - begin] = True
                own = rows[RECORD_ID].combine_chunks()
                renamed = pc.replace_with_mask(own, pa.array(mask), ids.slice(first, last - first))
                new.write_table(rows.set_column(0, RECORD_ID, renamed))
                begin += rows.num_rows
        draft.replace(path)

    def _content_hash(self, delivery: str) -> str:
        """Return a hash of the delivery that any change of its content changes, and nothing else.

        Covers every cell of every landed row, null apart from '', each row as often as it is there; row
        and reason of every reject; the columns and the record key. Leaves out the order of rows, which
        a database does not promise, file names, which often hold the day, and row numbers of landed
        rows. Rows are added up by their hashes: made to notice changes, not to withstand forgery.
        """
        rows, rejects = (quoted(str(self._folder / name)) for name in (snapshot.ROWS, snapshot.REJECTS))
        sums = self._engine.execute(
            f"""select * from (
                select count(*), sum(('0x' || left({ROW_HASH}, 16))::ubigint),
                    sum(('0x' || right({ROW_HASH}, 16))::ubigint)
                from read_parquet('{rows}')
            ), (
                select count(*), sum(md5_number_lower(line)), sum(md5_number_upper(line))
                from (select concat_ws('|', {ROW}, reason) as line from read_parquet('{rejects}'))
            )"""
        ).fetchall()[0]
        told: tuple[object, ...] = (self._contract.source_columns, self._contract.key, sums)
        if self._incremental:
            told = (*told, delivery, increment.ended_sum(self._engine, self._folder / snapshot.ROWS))
        return sha256(repr(told).encode()).hexdigest()


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # hashes and row numbers never repeat, so a dictionary of them would only cost time
    repeating = [name for name in schema.names if name not in (RECORD_ID, ROW_HASH, ROW)]
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=repeating)


@contextmanager
def _storing(folder: Path) -> Iterator[None]:
    """Turn a full disk, here or where DuckDB spills, into StorageFailure."""
    try:
        with files.storage(folder):
            yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StorageFailure(
            f"暂存空间不够（{type(error).__name__}）",
            where=str(folder),
            cure="腾出磁盘空间和内存后重试；上一快照未受影响",
        ) from None
