"""Pictures as SVG, drawn here: no script is needed, they print well, and say what the table below them says."""

from collections.abc import Sequence
from html import escape

from django.utils.safestring import mark_safe

from jiceng_pipeline.portal.figures import Band, Bar

_WIDTH, _ROW, _LABEL = 640, 34, 150
_HALF = 240


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
