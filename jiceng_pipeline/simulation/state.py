"""The city between two days: kept in Arrow files, and brought back as it was."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.city import City
from jiceng_pipeline.simulation.reference import Reference

NOTE = "state.json"
TEXT = "text"  # what stands in place of a numpy type


def folder(settings: Settings, shard: str, day: int = 0) -> Path:
    """Return where the part of the city named `shard` (a township's code) is kept on a day."""
    return settings.simulated / "state" / str(day) / shard


def save(city: City, at: Path) -> None:
    """Keep a city in the folder `at`, whole or not at all; the same city gives the same bytes."""
    values = dict(_flat(city))
    columns, plain, groups = [], {}, dict[int, dict[str, Any]]()
    for path, value in values.items():
        if isinstance(value, np.ndarray | pa.Array):
            groups.setdefault(len(value), {})[path] = value
            columns.append([path, len(value), value.dtype.str if isinstance(value, np.ndarray) else TEXT])
        else:
            plain[path] = value.isoformat() if isinstance(value, date) else value
    shutil.rmtree(at, ignore_errors=True)
    with files.new_folder(at) as draft:
        for length, group in groups.items():
            _write(draft / f"{length}.arrow", pa.table({path: _column(value) for path, value in group.items()}))
        files.write_json(draft / NOTE, {"columns": columns, "plain": plain})


def load(reference: Reference, at: Path) -> City:
    """Return the city kept in the folder `at`; raise UsageError where there is none."""
    try:
        note = json.loads((at / NOTE).read_text("utf-8"))
    except (OSError, ValueError):
        raise UsageError("模拟城市的状态不完整", where=str(at), cure="重新运行 jiceng simulate") from None
    lengths = {length for _, length, _ in note["columns"]}
    tables = {length: _read(at / f"{length}.arrow") for length in sorted(lengths)}
    values = {path: _values(tables[length][path], kind) for path, length, kind in note["columns"]}
    values |= note["plain"]
    values["as_of"] = date.fromisoformat(values["as_of"])
    made: City = _built(City, values, {"reference": reference})
    return made


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the columns and plain values of a dataclass, `people.names.first` for one inside others."""
    for each in fields(value):
        held, path = getattr(value, each.name), prefix + each.name
        if isinstance(held, Reference):
            continue
        if isinstance(held, pa.Table):
            yield from ((f"{path}.{name}", held[name].combine_chunks()) for name in held.column_names)
        elif is_dataclass(held):
            yield from _flat(held, f"{path}.")
        else:
            yield path, held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held


def _built(kind: Any, values: Mapping[str, Any], given: Mapping[str, Any], prefix: str = "") -> Any:
    """Return a dataclass of what `_flat` made of it."""
    made, hints = dict(given), get_type_hints(kind)
    for name in (each.name for each in fields(kind) if each.name not in given):
        path = prefix + name
        inside = {other.removeprefix(f"{path}."): other for other in values if other.startswith(f"{path}.")}
        if path in values:
            made[name] = values[path]
        elif nested := _nested(hints[name]):
            made[name] = _built(nested, values, {}, f"{path}.")
        else:
            made[name] = pa.table({own: values[other] for own, other in inside.items()})
    return kind(**made)


def _nested(hint: Any) -> Any:
    """Return the dataclass a field holds, or none."""
    return next((each for each in (hint, *get_args(hint)) if is_dataclass(each)), None)


def _column(value: Any) -> pa.Array:
    """Return a column as Arrow keeps it; days are kept as the numbers they are."""
    if isinstance(value, np.ndarray):
        return pa.array(value.view(np.int64) if value.dtype.kind == "M" else value)
    return value


def _values(column: pa.ChunkedArray, kind: str) -> Any:
    whole = column.combine_chunks()
    if kind == TEXT:
        return whole
    values = whole.to_numpy(zero_copy_only=False)
    return values.view(kind) if np.dtype(kind).kind == "M" else values


def _write(path: Path, table: pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(str(path), table.schema, options=options) as out:
        out.write_table(table)


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
