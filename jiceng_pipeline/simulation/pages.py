"""Objects of an interface that are handed out page by page: those of the first day, and what changed since.

    records.jsonl   one object a line, in the order of the pages
    revised.arrow   what changed: the key as a number, when (`2026-11-24T08:30:00`), the object, whether it is gone

A revision replaces one small file, so whoever reads sees the day before or the day after, never a mixture.
"""

import mmap
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from jiceng_pipeline.simulation.chance import Bools, Ints
from jiceng_pipeline.simulation.store import whole

LINES, REVISED = "records.jsonl", "revised.arrow"
SCHEMA = pa.schema([("key", pa.int64()), ("time", pa.string()), ("line", pa.binary()), ("gone", pa.bool_())])
CHUNK = 1 << 26


def revise(folder: Path, changed: Any) -> None:
    """Put rows of SCHEMA into force, in place of earlier ones with their keys."""
    old = _revised(folder / REVISED)
    rows = pa.concat_tables([old.filter(pc.invert(pc.is_in(old["key"], changed["key"]))), changed])
    rows = rows.sort_by([("time", "ascending"), ("key", "ascending")]).combine_chunks()
    with whole(folder / REVISED) as draft, pa.ipc.new_file(str(draft), SCHEMA) as out:
        out.write_table(rows)


def page(folder: Path, number: int, size: int, since: str, place: re.Pattern[bytes]) -> tuple[int, bytes]:
    """Return how many objects there are and those of one page, with commas between.

    With `since` they are those changed at that time or later, in the order of (time, key), with a mark where
    one is gone. `place` finds time and key in a line.
    """
    book = _book(folder, _state(folder / LINES), _state(folder / REVISED), place)
    total, lines = book.lines(since, (number - 1) * size, number * size)
    return total, lines


@dataclass(frozen=True)
class Book:
    """The lines of the first day, `ends` of them, and what changed since."""

    content: Any
    ends: Ints
    revised: Any
    place: re.Pattern[bytes]

    def lines(self, since: str, first: int, last: int) -> tuple[int, bytes]:
        """Return how many lines there are, and the lines from `first` to before `last`."""
        if since:
            return self._since(since, first, last)
        live = self._live
        again = self._again
        total = len(live) + len(again)
        mine = live[first:last]
        if len(mine) and mine[-1] - mine[0] == len(mine) - 1:
            found = [self.content[self._starts[mine[0]] : self.ends[mine[-1]]].replace(b"\n", b",")]
        else:
            found = [self._line(row) for row in mine]
        return total, b",".join(found + again[max(0, first - len(live)) : max(0, last - len(live))])

    def _since(self, since: str, first: int, last: int) -> tuple[int, bytes]:
        times, keys = self._index
        late = np.flatnonzero((times >= since.encode()) & self._stands)
        again = self.revised.filter(pc.greater_equal(self.revised["time"], since))
        time = np.r_[times[late], np.asarray([each.encode() for each in again["time"].to_pylist()], "S19")]
        key = np.r_[keys[late], again["key"].to_numpy()]
        order = np.lexsort((key, time))[first:last]
        lines = again["line"]
        found = [self._line(late[row]) if row < len(late) else lines[int(row - len(late))].as_py() for row in order]
        return len(time), b",".join(found)

    def _line(self, row: int) -> bytes:
        line: bytes = self.content[self._starts[row] : self.ends[row]]
        return line

    @cached_property
    def _starts(self) -> Ints:
        starts: Ints = np.r_[0, self.ends + 1]
        return starts

    @cached_property
    def _again(self) -> list[bytes]:
        found: list[bytes] = self.revised.filter(pc.invert(self.revised["gone"]))["line"].to_pylist()
        return found

    @cached_property
    def _stands(self) -> Bools:
        """Return which lines of the first day still stand."""
        if not self.revised.num_rows:
            return np.ones(len(self.ends), np.bool_)
        return ~np.isin(self._index[1], self.revised["key"].to_numpy())

    @cached_property
    def _live(self) -> Ints:
        return np.flatnonzero(self._stands)

    @cached_property
    def _index(self) -> tuple[Any, Ints]:
        """Return time and key of every line."""
        found: list[tuple[bytes, bytes]] = []
        times, keys = [np.empty(0, "S19")], [np.empty(0, np.int64)]
        start = 0
        while start < len(self.content):
            end = self.content.rfind(b"\n", start, start + CHUNK) + 1
            found = self.place.findall(self.content[start:end])
            times.append(np.array([time for time, _ in found], "S19"))
            keys.append(np.array([int(key) for _, key in found], np.int64))
            start = end
        return np.concatenate(times), np.concatenate(keys)


@lru_cache(maxsize=2)
def _book(folder: Path, _lines: object, _revised_state: object, place: re.Pattern[bytes]) -> Book:
    with (folder / LINES).open("rb") as source:
        content = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    octets = np.frombuffer(content, np.uint8)
    parts = [
        start + np.flatnonzero(octets[start : start + CHUNK] == ord("\n")) for start in range(0, len(octets), CHUNK)
    ]
    ends = np.concatenate([np.empty(0, np.int64), *parts])
    return Book(content, ends, _revised(folder / REVISED), place)


def _revised(path: Path) -> Any:
    if not path.exists():
        return SCHEMA.empty_table()
    return pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all().combine_chunks()


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
