"""Delimited text cut into records: where each begins and ends, how many cells it has, which are broken.

A line end or a delimiter inside quotes is text. A quote stands at the edge of a cell, or is doubled inside
quotes; anywhere else it breaks its record, of which the first line is then given up and the next begins anew.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST = 1 << 20  # bytes of a record
_LINE_FEED, _RETURN = 10, 13
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """The whole records of a block: `starts` and `ends` (line end included) in it, cells, and lines before each."""

    starts: Places
    ends: Places
    cells: Places
    lines: Places  # of the block, before the record
    broken: Places  # lines of the block, before the line that is given up
    used: int  # bytes; what follows is no whole record yet
    lines_used: int


def cut(block: bytes, delimiter: str, quote: str | None, most_broken: int) -> Records:
    """Return the records of a block that begins with one; stop where more than `most_broken` are broken."""
    data = np.frombuffer(block, np.uint8)
    line_ends = _line_ends(block, data)
    separators = np.flatnonzero(data == ord(delimiter))
    quotes = np.flatnonzero(data == ord(quote)) if quote else separators[:0]
    begin, broken = 0, list[int]()
    starts, ends, cells = list[Places](), list[Places](), list[Places]()
    while True:
        mine = quotes[np.searchsorted(quotes, begin) :]
        fault = _first_fault(data, mine, begin, ord(delimiter))
        lines = line_ends[np.searchsorted(line_ends, begin) : np.searchsorted(line_ends, fault)]
        outer = _outside(lines, mine)
        if len(outer):
            own = separators[np.searchsorted(separators, begin) : np.searchsorted(separators, outer[-1])]
            counts = np.searchsorted(own, outer) - _inside(own, mine, outer)
            starts.append(np.concatenate(([begin], outer[:-1] + 1)))
            ends.append(outer + 1)
            cells.append(np.diff(counts, prepend=0) + 1)
            begin = int(outer[-1]) + 1
        further = np.searchsorted(line_ends, begin)
        if (
            len(broken) > most_broken
            or further == len(line_ends)
            or (fault == len(data) and len(data) - begin <= LONGEST)
        ):
            break
        broken.append(begin)
        begin = int(line_ends[further]) + 1
    return Records(
        _joined(starts),
        _joined(ends),
        _joined(cells),
        np.searchsorted(line_ends, _joined(starts)),
        np.searchsorted(line_ends, np.array(broken, np.int64)),
        begin,
        int(np.searchsorted(line_ends, begin)),
    )


def even_lines(block: bytes, delimiter: str, quote: str | None) -> int:
    """Return how many lines a block of whole lines has; 0 where one is blank, or quotes or line ends are amiss.

    What stands between the quotes is not looked at: a line feed there shows when the records are counted.
    """
    data = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(data == _LINE_FEED)
    if len(_lone_returns(block, data)) or (np.diff(feeds, prepend=-1) <= 2).any():
        return 0
    if quote and quote.encode() in block:
        quotes = np.flatnonzero(data == ord(quote))
        edges = _edges(ord(delimiter))
        opening, closing = quotes[::2], quotes[1::2]
        before, after = data[opening - 1], data[(closing + 1) % len(data)]  # before the first byte: the last, a feed
        if len(opening) != len(closing) or not (edges[before].all() and edges[after].all()):
            return 0
    return len(feeds)


def _joined(parts: list[Places]) -> Places:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _line_ends(block: bytes, data: npt.NDArray[np.uint8]) -> Places:
    """Return the last byte of each line end: a line feed, or a return that none follows."""
    feeds = np.flatnonzero(data == _LINE_FEED)
    alone = _lone_returns(block, data)
    return np.sort(np.concatenate((feeds, alone))) if len(alone) else feeds


def _lone_returns(block: bytes, data: npt.NDArray[np.uint8]) -> Places:
    """Return the returns that no line feed follows; of one at the end nobody knows yet."""
    returns = np.flatnonzero(data == _RETURN) if b"\r" in block else np.zeros(0, np.int64)
    returns = returns[returns + 1 < len(data)]
    alone: Places = returns[data[returns + 1] != _LINE_FEED]
    return alone


def _outside(places: Places, quotes: Places) -> Places:
    """Return the places that stand outside quotes."""
    return places[np.searchsorted(quotes, places) & 1 == 0] if len(quotes) else places


def _inside(places: Places, quotes: Places, ends: Places) -> Places:
    """Return how many of the places stand inside the quotes before each of `ends`, which stand outside."""
    pairs = quotes[: np.searchsorted(quotes, ends[-1])].reshape(-1, 2)
    found = np.searchsorted(places, pairs[:, 1]) - np.searchsorted(places, pairs[:, 0])
    if not found.any():
        return np.zeros(1, np.int64)
    return np.concatenate(([0], np.cumsum(found)))[np.searchsorted(pairs[:, 1], ends)]


def _first_fault(data: npt.NDArray[np.uint8], quotes: Places, begin: int, delimiter: int) -> int:
    """Return the first quote that neither begins nor ends a cell, nor is doubled; the data's end where none."""
    edges = _edges(delimiter)
    opening, closing = quotes[::2], quotes[1::2]
    pairs = min(len(opening) - 1, len(closing)) if len(opening) else 0
    doubled = closing[:pairs] + 1 == opening[1 : pairs + 1]
    opens = edges[data[opening - 1]] | (opening == begin)
    opens[1 : pairs + 1] |= doubled
    closes = edges[data[np.minimum(closing + 1, len(data) - 1)]] | (closing + 1 == len(data))
    closes[:pairs] |= doubled
    faults = [places[~fine][:1] for places, fine in ((opening, opens), (closing, closes))]
    return int(min((place[0] for place in faults if len(place)), default=len(data)))


def _edges(delimiter: int) -> npt.NDArray[np.bool_]:
    """Return which bytes may stand outside a quote at the edge of a cell."""
    edges = np.zeros(256, bool)
    edges[[delimiter, _LINE_FEED, _RETURN]] = True
    return edges
