"""批 (batches): numbered, at most 50,000 rows, each tied to the one before by its hash.

A batch is a folder: `manifest.json` says what it is, beside it lie the rows. Whoever has a batch can check it and
all before it; whoever misses one sees it by the number and the hash.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError, SourceUnreachable
from jiceng_pipeline.ledger.chain import canonical
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import parquet
from jiceng_pipeline.warehouse.connection import identifier

FORMAT = "jiceng-batch/1"
ROWS = 50_000
MANIFEST = "manifest.json"
RECEIVED = "received.json"
FILES = {"parquet": "rows.parquet", "ndjson": "rows.ndjson"}
# a type goes into SQL as it stands: DECIMAL(18,2), VARCHAR[], TIMESTAMP WITH TIME ZONE
_TYPE = re.compile(r"[A-Z]+( [A-Z]+)*(\(\d{1,3}(, ?\d{1,3})?\))?(\[\])?")
_LARGEST = 1 << 40  # of a number or a count of rows; larger ones are none of ours
# what stands in front of the columns of the dataset in every row
HEAD = ("_operation", "_reason", "_key", "_other_key")


@dataclass(frozen=True)
class Batch:
    """The file of its rows, and what its manifest says."""

    rows: Path
    manifest: Mapping[str, Any]

    @property
    def number(self) -> int:
        """Return its number within the subscription."""
        return int(self.manifest["number"])

    @property
    def hash(self) -> str:
        """Return the hash that the next batch names."""
        return str(self.manifest["hash"])


@dataclass(frozen=True)
class Have:
    """What a receiver says it has: the last batch it took over, number 0 for none."""

    number: int
    hash: str


# what hands one batch over: what the receiver then has, None where it does not say
Hand = Callable[[Batch], Have | None]


def name(number: int) -> str:
    """Return what the folder of a batch is called, so that names sort by number."""
    return f"{number:06d}"


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest with its hash."""
    bare = {key: value for key, value in manifest.items() if key != "hash"}
    return {**bare, "hash": sha256(canonical(bare).encode()).hexdigest()}


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        seen = sha256()
        while part := stream.read(1 << 20):
            seen.update(part)
    return seen.hexdigest()


def write(
    connection: duckdb.DuckDBPyConnection, folder: Path, encoding: str, select: str, manifest: Mapping[str, Any]
) -> Batch:
    """Write the rows of `select` and the manifest into a new folder, which is there when it is whole."""
    how = parquet.FORMAT if encoding == "parquet" else "format json"
    with files.new_folder(folder) as draft:
        path = draft / FILES[encoding]
        connection.execute(f"copy ({select}) to {literal(str(path))} ({how}, use_tmp_file false)")
        path.chmod(0o600)
        seen = file_hash(path)
        told = sealed({"format": FORMAT, **manifest, "encoding": encoding, "file": path.name, "sha256": seen})
        files.write_json(draft / MANIFEST, told)
    return Batch(folder / path.name, told)


def read(folder: Path) -> Batch:
    """Return the batch in a folder; raise IntegrityError where it is not what was made."""
    found = _manifest(folder / MANIFEST)
    return _whole(Batch(folder / str(found["file"]), found))


def following(batch: Batch) -> Batch | None:
    """Return the batch that lies beside this one and follows it, where it is of the same version; never raise."""
    told = batch.manifest
    if told["part"] == told["parts"]:
        return None
    try:
        found = read(batch.rows.parent.with_name(name(batch.number + 1)))
    except (IntegrityError, OSError):
        return None
    is_next = found.manifest["previous_hash"] == batch.hash and found.manifest["columns"] == told["columns"]
    return found if is_next else None


def read_dropped(manifest: Path) -> Batch:
    """Return the batch of a drop directory whose manifest this is; raise IntegrityError as `read`."""
    found = _manifest(manifest)
    return _whole(Batch(manifest.with_suffix(Path(str(found["file"])).suffix), found))


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise IntegrityError("这一批的清单读不出来", where=str(path), cure="请对方重送这一批") from None
    return checked(told, str(path))


def _whole(batch: Batch) -> Batch:
    try:
        is_whole = file_hash(batch.rows) == batch.manifest["sha256"]
    except OSError:
        is_whole = False
    if not is_whole:
        raise IntegrityError("这一批的数据不完整或被改动过", where=str(batch.rows), cure="请对方重送这一批")
    return batch


def checked(manifest: Any, where: str) -> Mapping[str, Any]:
    """Return a manifest that says what it said when it was sealed; raise IntegrityError for any other."""
    try:
        is_sound = manifest["format"] == FORMAT and sealed(manifest) == manifest and _is_plain(manifest)
    except (TypeError, KeyError):
        is_sound = False
    if not is_sound:
        raise IntegrityError("这一批的清单被改动过，或不是这里的格式", where=where, cure="请对方重送这一批")
    sound: Mapping[str, Any] = manifest
    return sound


def _is_plain(told: Mapping[str, Any]) -> bool:
    """Say whether a manifest says no more than numbers, names and types where those belong.

    Its seal shows that it is whole, not whose it is: whoever may write into the folder can make one.
    """
    names = (told["subscription"], told["kind"], told["version"], told["previous_hash"], told["hash"])
    columns = [(each["name"], each["type"]) for each in told["columns"]]
    number, part, parts, rows = (told[each] for each in ("number", "part", "parts", "rows"))
    return (
        told["file"] == FILES[told["encoding"]]
        and all(type(each) is int and 0 <= each < _LARGEST for each in (number, part, parts, rows))
        and 1 <= part <= min(parts, number)
        and all(type(each) is str for each in names)
        and all(type(name) is str and type(kind) is str and _TYPE.fullmatch(kind) for name, kind in columns)
    )


def write_have(folder: Path, have: Have) -> None:
    """Write down beside the batches what the receiver has, for the sender to read."""
    files.write_json(folder / RECEIVED, {"number": have.number, "hash": have.hash})


def have_of(answer: bytes) -> Have:
    """Return what a receiver says in JSON that it has; raise ValueError for rubbish."""
    try:
        told = json.loads(answer)
        return Have(int(told["number"]), str(told["hash"]))
    except (KeyError, TypeError, OverflowError, RecursionError):  # 1e999 is infinite, nesting has no end
        raise ValueError("no number and hash") from None


def read_have(folder: Path) -> Have | None:
    """Return what the receiver has written down, None where it has not; raise SourceUnreachable for rubbish."""
    try:
        return have_of((folder / RECEIVED).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise SourceUnreachable(
            "对方写的接收情况读不出来", where=str(folder / RECEIVED), cure="请对方重新运行 jiceng receive"
        ) from None


def rows_as_stated(batch: Batch) -> str:
    """Return the select of a batch's rows, each column of the type that its manifest states."""
    kinds = {**dict.fromkeys(HEAD, "VARCHAR"), **{each["name"]: each["type"] for each in batch.manifest["columns"]}}
    path = literal(str(batch.rows))
    if batch.manifest["encoding"] == "parquet":
        return f"select {', '.join(map(identifier, kinds))} from read_parquet({path})"
    listed = ", ".join(f"{literal(each)}: 'VARCHAR'" for each in kinds)
    cast = ", ".join(f"cast({identifier(each)} as {kind}) as {identifier(each)}" for each, kind in kinds.items())
    return f"select {cast} from read_json({path}, format = 'newline_delimited', columns = {{{listed}}})"
