"""Pictures as SVG, drawn here: no script is needed, they print well, and say what the table below them says."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import mark_safe

from jiceng_pipeline.portal.figures import Band, Bar

_WIDTH, _ROW, _LABEL = 640, 34, 150
_HALF = 240
_CHART = 190  # how high columns may grow


@dataclass(frozen=True)
class Group:
    """Several numbers that are to be compared with each other, and with no other group's."""

    label: str
    values: Sequence[float]
    unit: str


def bars(found: Sequence[Bar], unit: str, title: str) -> str:
    """Return horizontal bars, longest = the largest count; every bar says its number."""
    most = max((bar.count for bar in found), default=0) or 1
    room = _WIDTH - _LABEL - 90
    rows = []
    for at, bar in enumerate(found):
        y, length = at * _ROW + 8, max(2, round(room * bar.count / most))
        rows.append(
            f'<text x="{_LABEL - 8}" y="{y + 17}" text-anchor="end" font-size="16">{escape(bar.label[:9])}</text>'
            f'<rect fill="#0f4c4a" x="{_LABEL}" y="{y}" width="{length}" height="22" rx="2"/>'
            f'<text x="{_LABEL + length + 8}" y="{y + 17}" font-size="16">{bar.count:,} {escape(unit)}</text>'
        )
    return _drawing("".join(rows), len(found) * _ROW + 16, title)


def pyramid(found: Sequence[Band], title: str) -> str:
    """Return men to the left, women to the right, the oldest on top."""
    most = max((max(band.men, band.women) for band in found), default=0) or 1
    middle, rows = _WIDTH // 2, []
    for at, band in enumerate(reversed(found)):
        y = at * 26 + 30
        men, women = (round((_HALF - 40) * count / most) for count in (band.men, band.women))
        left, right = middle - 50 - men, middle + 50
        rows.append(
            f'<text x="{middle}" y="{y + 15}" text-anchor="middle" font-size="15">{escape(band.label)}</text>'
            f'<rect fill="#0f4c4a" x="{left}" y="{y}" width="{men}" height="20"/>'
            f'<rect fill="#c08a2b" x="{right}" y="{y}" width="{women}" height="20"/>'
            f'<text x="{left - 6}" y="{y + 15}" text-anchor="end" font-size="15">{band.men}</text>'
            f'<text x="{right + women + 6}" y="{y + 15}" font-size="15">{band.women}</text>'
        )
    heads = (
        f'<text x="{middle - 60}" y="18" text-anchor="end" font-size="16">男</text>'
        f'<text x="{middle + 60}" y="18" font-size="16">女</text>'
    )
    return _drawing(heads + "".join(rows), len(found) * 26 + 44, title)


def shares(found: Sequence[tuple[str, Sequence[float | None]]], kinds: Sequence[str], title: str) -> str:
    """Return groups of bars from nothing to all, a bar a kind; kinds differ by pattern, bars say their share."""
    room, high = _WIDTH - _LABEL - 90, 22
    width = (_WIDTH - _LABEL) // max(1, len(kinds))
    drawn = [_PATTERNS]
    for place, kind in enumerate(kinds):
        x = _LABEL + place * width
        drawn.append(
            f'<rect x="{x}" y="8" width="22" height="16" fill="{_fill(place)}" stroke="#0f4c4a"/>'
            f'<text x="{x + 28}" y="22" font-size="14">{escape(kind)}</text>'
        )
    y = 40
    for label, group in found:
        middle = y + len(group) * high // 2 + 4
        drawn.append(f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end" font-size="16">{escape(label[:9])}</text>')
        for place, share in enumerate(group):
            length = round(room * (share or 0))
            told = "不列" if share is None else f"{share:.0%}"
            bar = f'<rect x="{_LABEL}" y="{y}" width="{length}" height="18" fill="{_fill(place)}" stroke="#0f4c4a"/>'
            drawn.append(
                f'{bar if length else ""}<text x="{_LABEL + length + 8}" y="{y + 15}" font-size="14">{told}</text>'
            )
            y += high
        y += 12
    return _drawing("".join(drawn), y, title)


def stacked(found: Sequence[tuple[str, Sequence[int]]], kinds: Sequence[str], title: str) -> str:
    """Return one whole bar for each label, divided among the kinds, which differ by pattern."""
    room, drawn = _WIDTH - _LABEL - 110, [_PATTERNS, _legend(kinds)]
    for at, (label, counts) in enumerate(found):
        x, y, whole = float(_LABEL), at * _ROW + 44, sum(counts) or 1
        drawn.append(f'<text x="{_LABEL - 8}" y="{y + 17}" text-anchor="end" font-size="16">{escape(label[:9])}</text>')
        for place, count in enumerate(counts):
            if width := room * count / whole:
                drawn.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="22" fill="{_fill(place)}" '
                    f'stroke="#0f4c4a"/>'
                )
                x += width
        told = " / ".join(f"{count:,}" for count in counts)
        drawn.append(f'<text x="{_LABEL + room + 8}" y="{y + 17}" font-size="14">{told}</text>')
    return _drawing("".join(drawn), len(found) * _ROW + 52, title)


def _legend(kinds: Sequence[str]) -> str:
    step = (_WIDTH - 48) // max(1, len(kinds))
    return "".join(
        f'<rect fill="{_fill(at)}" stroke="#0f4c4a" x="{24 + at * step}" y="10" width="22" height="18"/>'
        f'<text x="{54 + at * step}" y="25" font-size="16">{escape(name)}</text>'
        for at, name in enumerate(kinds)
    )


def groups(found: Sequence[Group], series: Sequence[str], title: str) -> str:
    """Return a bar for each number, group under group; a series is known by its pattern, and by its name in words."""
    room, rows, y = _WIDTH - _LABEL - 190, [], 8
    for group in found:
        most = max(group.values, default=0) or 1
        rows.append(
            f'<text x="{_LABEL - 8}" y="{y + 17}" text-anchor="end" font-size="16">{escape(group.label[:9])}</text>'
        )
        for at, value in enumerate(group.values):
            length = max(2, round(room * value / most))
            told = f"{series[at][:8]} {value:,.4g} {group.unit}" if value < 1000 else f"{series[at][:8]} {value:,.0f}"
            rows.append(
                f'<rect fill="{_fill(at)}" stroke="#0f4c4a" x="{_LABEL}" y="{y}" width="{length}" height="20"/>'
                f'<text x="{_LABEL + length + 8}" y="{y + 16}" font-size="15">{escape(told)}</text>'
            )
            y += 25
        y += 12
    return _drawing(_PATTERNS + "".join(rows), y, title)


def columns(found: Sequence[tuple[str, int, int]], series: tuple[str, str], title: str) -> str:
    """Return two columns beside each other for each month or the like, every one with its number on top."""
    most = max((max(one, other) for _, one, other in found), default=0) or 1
    step = (_WIDTH - 40) / max(len(found), 6)
    width = min(34, step / 2 - 4)
    drawn = []
    for at, (label, *values) in enumerate(found):
        left = 24 + at * step
        for number, value in enumerate(values):
            high = max(1, round(_CHART * value / most)) if value else 0
            x, y = left + number * (width + 3), 60 + _CHART - high
            drawn.append(
                f'<rect fill="{_fill(number)}" stroke="#0f4c4a" x="{x:.0f}" y="{y}" width="{width:.0f}" '
                f'height="{high}"/>'
                f'<text x="{x + width / 2:.0f}" y="{y - 5}" text-anchor="middle" font-size="13">{value:,}</text>'
            )
        drawn.append(
            f'<text x="{left + width:.0f}" y="{60 + _CHART + 20}" text-anchor="middle" font-size="14">'
            f"{escape(label)}</text>"
        )
    floor = f'<path d="M16 {60 + _CHART}.5 H{_WIDTH - 16}" stroke="#1d2a2e"/>'
    return _drawing(_PATTERNS + _legend(series) + "".join(drawn) + floor, _CHART + 92, title)


# without colour they still differ: full, striped, dotted, empty
_PATTERNS = (
    '<defs><pattern id="striped" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#ffffff"/><rect width="4" height="8" fill="#0f4c4a"/></pattern>'
    '<pattern id="dotted" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="8" fill="#ffffff"/>'
    '<circle cx="4" cy="4" r="2" fill="#0f4c4a"/></pattern></defs>'
)
_FILLS = ("#0f4c4a", "url(#striped)", "url(#dotted)", "#ffffff")


def _fill(place: int) -> str:
    return _FILLS[place % len(_FILLS)]


def _drawing(inside: str, height: int, title: str) -> str:
    drawn = (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )
    return mark_safe(drawn)  # noqa: S308  every word in it went through escape
