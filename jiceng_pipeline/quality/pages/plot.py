"""Plots as inline SVG: text stays text, lines differ by dash and mark as well as colour, a table goes beneath."""

from collections.abc import Mapping, Sequence
from html import escape

from jiceng_pipeline.quality.pages import document
from jiceng_pipeline.quality.pages.document import Html

Values = Sequence[float | None]

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 16, 32
_LOOKS = (("#0b5394", ""), ("#9c1c00", "7 4"), ("#2d6a1f", "2 4"), ("#6a3d9a", "10 3 2 3"), ("#5c4400", "4 2"))
_TICKS = 4
_STEPS = (4, 8, 12, 16, 20, 24, 28, 32, 36)  # quarters of these are whole
_FEWEST = 8  # the least that the top of an axis stands for, so that one row more is no mountain


def lines(title: str, says: str, labels: Sequence[str], series: Mapping[str, Values]) -> Html:
    """Return a plot of a few series over the same labels, what it says in a sentence, and its numbers as a table.

    None is a gap: nothing was measured. Without labels there is only a sentence that says so.
    """
    if not labels:
        return document.paragraph(f"{title}：还没有数据")
    image = svg(title, says, labels, series)
    rows = [(label, *(_number(values[place]) for values in series.values())) for place, label in enumerate(labels)]
    figure = f"<figure>{image}<figcaption>{escape(title)}。{escape(says)}</figcaption></figure>"
    return Html(figure + document.table(f"{title}：数字", ("日期", *series), rows))


def svg(title: str, says: str, labels: Sequence[str], series: Mapping[str, Values]) -> str:
    """Return the image alone."""
    top = _top(series)
    drawn = "".join(_line(number, name, values, top) for number, (name, values) in enumerate(series.items()))
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="13" font-family="sans-serif" fill="#1a1a1a">'
        f"<title>{escape(title)}</title><desc>{escape(says)}</desc>{_frame(top, labels)}{drawn}</svg>"
    )


def _top(series: Mapping[str, Values]) -> float:
    """Return a round number that no value is above."""
    highest = max((value for values in series.values() for value in values if value is not None), default=0)
    return next(
        float(step * 10**power) for power in range(20) for step in _STEPS if step * 10**power >= max(highest, _FEWEST)
    )


def _x(place: int, count: int) -> float:
    span = _WIDTH - _LEFT - _RIGHT
    return _LEFT + (span * place / (count - 1) if count > 1 else span / 2)


def _y(value: float, top: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)


def _frame(top: float, labels: Sequence[str]) -> str:
    """Return the horizontal lines with their numbers, and the first, middle and last label."""
    parts = []
    for tick in range(_TICKS + 1):
        value, y = top * tick / _TICKS, _y(top * tick / _TICKS, top)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#c8c8c8"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
        )
    for place in sorted({0, len(labels) // 2, len(labels) - 1}):
        x = _x(place, len(labels))
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(labels[place])}</text>')
    return "".join(parts)


def _line(number: int, name: str, values: Values, top: float) -> str:
    colour, dash = _LOOKS[number % len(_LOOKS)]
    points = [(_x(place, len(values)), _y(value, top)) for place, value in enumerate(values) if value is not None]
    if not points:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = "".join(_mark(number, x, y, colour) for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>{marks}'
        f'<text x="{x + 10:.1f}" y="{y + 4 + 14 * _crowded(number):.1f}" fill="{colour}">{escape(name)}</text>'
    )


def _crowded(number: int) -> int:
    """Return by how many lines a name is moved, so that names of lines that end together do not overlap."""
    return (0, 1, -1, 2, -2)[number % len(_LOOKS)]


def _mark(number: int, x: float, y: float, colour: str) -> str:
    if number % 2:
        return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _number(value: float | None) -> int | float | None:
    """Return a value as a reader writes it: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 2)
