"""An index of a system's landing: which records there ever were, so that a build reads only what is in force.

cache/landing/<department>/<system>/<newest snapshot it covers>/
    index.parquet    record_id, row_hash, first_landed, landed (stamps of the first and the last snapshot that
                     has a row of it: the last has its contents), since (the first snapshot with just these
                     contents), is_current
    earlier.parquet  every contents that no longer stands, but for those that changed again on the day they came:
                     since, landed as above, until (the snapshot that changed or ended it), and the columns
    index.json       what it was made from, and the hashes of both files

A pure function of landing, made from the index before and one snapshot: without it a build takes longer
and gives the same. One that is damaged, or made from other snapshots, is made again.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import force, snapshot
from jiceng_pipeline.landing.snapshot import ENDED, RECORD_ID, ROW_HASH, Snapshot, day
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import parquet
from jiceng_pipeline.warehouse.connection import identifier

INDEX, EARLIER, META = "index.parquet", "earlier.parquet", "index.json"
_LAYOUT = 3  # of these files
_NAMED = "record_id, row_hash, source_file, source_row, first_landed, landed"
_OF_ROW = f"{RECORD_ID} as record_id, {ROW_HASH} as row_hash, _file as source_file, _row as source_row"
_DATE = f"{day('landed')} as landed_date"


def landed_rows(connection: duckdb.DuckDBPyConnection, contract: Contract, settings: Settings) -> str:
    """Return a select of the last state of every record ever landed, or of none.

    Adds first_landed, landed (stamps of the first and last snapshot that have a row of it), landed_date
    and is_current. A record has ended that a full snapshot lacks, or an increment says so; coming again
    it goes on. Raises IntegrityError where a snapshot is damaged that has to be read.
    """
    links = force.current(settings, contract)
    columns = ", ".join(map(identifier, contract.source_columns))
    if not links:
        empty = ", ".join(f"null::varchar as {identifier(name)}" for name in contract.source_columns)
        return f"""select null::varchar as record_id, null::varchar as row_hash, null::varchar as source_file,
            null::bigint as source_row, null::varchar as first_landed, null::varchar as landed,
            null::date as landed_date, false as is_current, {empty} where false"""
    taken = force.taken(settings, contract)
    if len(taken) == 1:
        return f"""select {_NAMED}, {_DATE}, true as is_current, {columns}
            from (select *, landed as first_landed from ({_rows(links, contract.source_columns, contract.renames)}))"""
    place = _made(connection, contract, settings, taken)
    known = f"read_parquet({literal(str(place / INDEX))})"
    return f"""select {_NAMED}, {_DATE}, is_current, {columns} from (
            select came.record_id, came.row_hash, source_file, source_row, first_landed, came.landed,
                true as is_current, {columns}
            from ({_rows(links, contract.source_columns, contract.renames)}) as came
            join (select record_id, first_landed, landed from {known} where is_current) as known
                on known.record_id = came.record_id and known.landed = came.landed
            union all
            select gone.record_id, gone.row_hash, source_file, source_row, first_landed, gone.landed,
                false as is_current, {_columns(_held_columns(place), contract.source_columns, contract.renames)}
            from read_parquet({literal(str(place / EARLIER))}) as gone
            join (select record_id, first_landed, landed from {known} where not is_current) as known
                on known.record_id = gone.record_id and known.landed = gone.landed
        )"""


@dataclass(frozen=True)
class Versions:
    """Selects of what records said before, and of those in force whose contents are not of the day they first landed.

    `earlier` has the shape of `landed_rows`, but that first_landed is the stamp of the first snapshot with
    these contents, and a column more: until, the stamp of the snapshot that changed or ended them. `later`
    has record_id and since, the stamp of the first snapshot with the contents that stand.
    """

    earlier: str
    later: str


def versions(connection: duckdb.DuckDBPyConnection, contract: Contract, settings: Settings) -> Versions | None:
    """Return the contents of the records that have had more than one, or ended; None where there is no such record."""
    taken = force.taken(settings, contract)
    if len(taken) < 2:
        return None
    place = _made(connection, contract, settings, taken)
    earlier, known = (f"read_parquet({literal(str(place / name))})" for name in (EARLIER, INDEX))
    if not _held(place)["earlier"]:
        return None
    return Versions(
        f"""select record_id, row_hash, source_file, source_row, since as first_landed, landed, {_DATE},
            false as is_current, until,
            {_columns(_held_columns(place), contract.source_columns, contract.renames)} from {earlier}""",
        f"select record_id, since from {known} where is_current and {day('since')} <> {day('first_landed')}",
    )


def _rows(found: Sequence[Snapshot], columns: Sequence[str], renames: Mapping[str, str]) -> str:
    """Return the select of the snapshots' rows, null where one had no such column yet."""
    return " union all ".join(
        f"""select {_OF_ROW}, {literal(each.stamp)} as landed,
        {_columns(each.meta["schema"], columns, renames)} from read_parquet({literal(str(each.rows))})
        where not {_ended(each)}"""
        for each in found
    )


def _columns(held: Sequence[str], wanted: Sequence[str], renames: Mapping[str, str]) -> str:
    """Return the cells of these columns, also of what was landed under a name that the contract has renamed since."""
    cells = []
    for name in wanted:
        names = [each for each in (name, *(old for old, new in renames.items() if new == name)) if each in held]
        said = [identifier(each) for each in names] or ["null::varchar"]
        cell = f"coalesce({', '.join(said)})" if said[1:] else said[0]
        cells.append(f"{cell} as {identifier(name)}")
    return ", ".join(cells)


def _ended(each: Snapshot) -> str:
    """Return the SQL for whether a row ends its record: of most systems none does."""
    return ENDED if each.meta.get("declared") else "false"


def _made(
    connection: duckdb.DuckDBPyConnection, contract: Contract, settings: Settings, taken: Sequence[Snapshot]
) -> Path:
    """Return the folder of an index that covers all snapshots, made as far as there is none."""
    folder = settings.cache / "landing" / contract.department / contract.system
    inputs = _inputs(taken)
    covered = next((n for n in range(len(taken), 0, -1) if _is_good(folder / taken[n - 1].name, inputs[n - 1])), 0)
    # of the first snapshot there is nothing to note down: all there ever was is in it
    for number in range(max(covered, 1), len(taken)):
        before = folder / taken[number - 1].name if number > 1 else None
        _add(connection, before, taken[: number + 1], folder / taken[number].name, inputs[number])
    newest = folder / taken[-1].name
    with files.storage(folder):
        for path in folder.iterdir():
            if path != newest:
                shutil.rmtree(path)
    return newest


def _inputs(taken: Sequence[Snapshot]) -> list[str]:
    """Return for each snapshot the hash of what an index that ends there is made from."""
    found, told = [], str(_LAYOUT)
    for each in taken:
        told = sha256(f"{told}|{each.name}|{each.meta['files'][snapshot.ROWS]['sha256']}".encode()).hexdigest()
        found.append(told)
    return found


def _is_good(place: Path, inputs: str) -> bool:
    """Return whether an index was made from these inputs and is byte for byte as it was made."""
    try:
        meta = json.loads((place / META).read_text("utf-8"))
        return bool(
            meta["inputs"] == inputs
            and meta["files"] == {name: snapshot.fingerprint(place / name) for name in (INDEX, EARLIER)}
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _held(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / META).read_text("utf-8"))
    return found


def _held_columns(place: Path) -> list[str]:
    found: list[str] = _held(place)["columns"]
    return found


def _add(
    connection: duckdb.DuckDBPyConnection, before: Path | None, taken: Sequence[Snapshot], place: Path, inputs: str
) -> None:
    """Make the index that ends with the last of `taken` at `place`, of the one before it; None: there is none yet."""
    held = _held_columns(before) if before else taken[0].meta["schema"]
    columns = [*dict.fromkeys([*held, *taken[-1].meta["schema"]])]
    if before is None:
        _check(taken[0])
    known = f"read_parquet({literal(str(before / INDEX))})" if before else f"({_begun(taken[0])})"
    with files.storage(place):
        shutil.rmtree(place, ignore_errors=True)
    with files.new_folder(place) as draft:
        index, earlier = draft / INDEX, draft / EARLIER
        connection.execute(f"copy ({_index(known, taken[-1])}) to {literal(str(index))} ({parquet.FORMAT})")
        rows = _earlier(connection, known, before, index, taken, columns)
        copied = connection.execute(f"copy ({rows}) to {literal(str(earlier))} ({parquet.FORMAT})").fetchall()[0][0]
        connection.execute("drop table if exists temp.closed_now")
        described: dict[str, Any] = {path.name: snapshot.fingerprint(path) for path in (index, earlier)}
        files.write_json(draft / META, {"inputs": inputs, "columns": columns, "earlier": copied, "files": described})


def _begun(first: Snapshot) -> str:
    """Return the select of the records there are with the first snapshot, as an index has them."""
    stamp = literal(first.stamp)
    return f"""select {RECORD_ID} as record_id, {ROW_HASH} as row_hash, {stamp} as first_landed, {stamp} as landed,
            {stamp} as since, true as is_current
        from read_parquet({literal(str(first.rows))}) where not {_ended(first)}"""


def _index(known: str, newest: Snapshot) -> str:
    """Return the select of the records there ever were up to the newest snapshot, of those `known` before it."""
    _check(newest)
    stamp, rows = literal(newest.stamp), f"read_parquet({literal(str(newest.rows))})"
    came = f"select {RECORD_ID} as record_id, {ROW_HASH} as row_hash from {rows} where not {_ended(newest)}"
    stays = "false"
    if force.is_increment(newest):
        stays = f"known.is_current and known.record_id not in (select {RECORD_ID} from {rows} where {ENDED})"
    return f"""select coalesce(came.record_id, known.record_id) as record_id,
            coalesce(came.row_hash, known.row_hash) as row_hash,
            coalesce(known.first_landed, {stamp}) as first_landed,
            case when came.record_id is null then known.landed else {stamp} end as landed,
            case when came.record_id is null or (known.is_current and came.row_hash = known.row_hash)
                then known.since else {stamp} end as since,
            case when came.record_id is null then {stays} else true end as is_current
        from {known} as known full join ({came}) as came on came.record_id = known.record_id"""


def _earlier(
    connection: duckdb.DuckDBPyConnection,
    known: str,
    before: Path | None,
    index: Path,
    taken: Sequence[Snapshot],
    columns: list[str],
) -> str:
    """Return the select of the contents that no longer stand: those known, and what the newest changed or ended."""
    newest = snapshot.local_date(taken[-1].stamp)
    today = ", ".join(literal(each.stamp) for each in taken if snapshot.local_date(each.stamp) == newest)
    connection.execute(
        f"""create or replace temp table closed_now as
        select was.record_id, was.since, was.landed
        from (select record_id, since, landed from {known} where is_current) as was
        join read_parquet({literal(str(index))}) as now
            on now.record_id = was.record_id and (
                not now.is_current or now.since <> was.since and was.since not in ({today}))"""
    )
    stamps = {stamp for (stamp,) in connection.execute("select distinct landed from closed_now").fetchall()}
    last_held = [each for each in taken if each.stamp in stamps]
    for each in last_held:
        _check(each)
    cells = ", ".join(map(identifier, columns))
    closed = f"""select came.record_id, row_hash, source_file, source_row, since, came.landed,
            {literal(taken[-1].stamp)} as until, {cells}
        from ({_rows(last_held or taken[:1], columns, {})}) as came
        join closed_now on closed_now.record_id = came.record_id and closed_now.landed = came.landed"""
    if before is None:
        return closed
    held = f"""select record_id, row_hash, source_file, source_row, since, landed, until,
            {_columns(_held_columns(before), columns, {})}
        from read_parquet({literal(str(before / EARLIER))})"""
    return f"{held} union all {closed}" if last_held else held


def _check(each: Snapshot) -> None:
    if not snapshot.is_whole(each):
        raise snapshot.damaged(each.rows)
