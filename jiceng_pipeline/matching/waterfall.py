"""瀑布图 (waterfall): an explanation as one image, each comparison a bar that begins where the one before ended.

What speaks for one entity goes right and is filled, what speaks against it goes left and is hatched: nobody
has to tell colours apart. No value of a record is in it.
"""

from html import escape

from jiceng_pipeline.matching.explanation import Explanation

_WORDS, _BARS, _BITS = 300, 420, 80  # widths: what was compared and found, the bars, the number behind them
_ROW, _TOP, _BOTTOM = 44, 16, 44
_FOR, _AGAINST, _INK = "#0b5394", "#9c1c00", "#1a1a1a"


def svg(explanation: Explanation) -> str:
    """Return the waterfall of an explanation as SVG."""
    sums = [0.0]
    for step in explanation.steps:
        sums.append(sums[-1] + step.bits)
    least, most = min(*sums, explanation.link), max(*sums, explanation.link)

    def x(bits: float) -> float:
        return round(_WORDS + _BARS * (bits - least) / ((most - least) or 1), 1)

    width, height = _WORDS + _BARS + _BITS, _TOP + _ROW * (len(explanation.steps) + 1) + _BOTTOM
    bottom = height - _BOTTOM
    rows = [
        _row(place, step.title, step.words, x(sums[place]), x(sums[place + 1]), step.bits)
        for place, step in enumerate(explanation.steps)
    ]
    total = _row(len(rows), "合计", "", x(0), x(sums[-1]), sums[-1])
    marks = _mark(x(0), bottom, "0", "") + _mark(x(explanation.link), bottom, f"归并线 {explanation.link:g}", "6 4")
    says = f"合计 {explanation.bits:+.2f} 比特，归并需要 {explanation.link:g}"
    return (
        f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="14" font-family="sans-serif" fill="{_INK}">'
        f"<title>两条记录逐项比对</title><desc>{says}</desc>"
        f'<defs><pattern id="against" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<path d="M0 6 6 0" stroke="{_AGAINST}" stroke-width="2"/></pattern></defs>'
        f"{marks}{''.join(rows)}{total}</svg>"
    )


def _row(place: int, title: str, words: str, start: float, end: float, bits: float) -> str:
    top = _TOP + _ROW * place
    left, wide = min(start, end), max(abs(end - start), 1.0)
    fill = f'fill="{_FOR}"' if bits >= 0 else f'fill="url(#against)" stroke="{_AGAINST}"'
    return (
        f'<text x="0" y="{top + 15}" font-weight="600">{escape(title)}</text>'
        f'<text x="0" y="{top + 33}" fill="#4a4a4a">{escape(words)}</text>'
        f'<rect x="{left:.1f}" y="{top + 6}" width="{wide:.1f}" height="22" {fill}/>'
        f'<text x="{max(start, end) + 6:.1f}" y="{top + 22}" paint-order="stroke" stroke="#fff" '
        f'stroke-width="4">{bits:+.2f}</text>'
    )


def _mark(x: float, bottom: float, words: str, dash: str) -> str:
    return (
        f'<line x1="{x}" x2="{x}" y1="{_TOP - 8}" y2="{bottom}" stroke="#767676" stroke-dasharray="{dash}"/>'
        f'<text x="{x}" y="{bottom + (18 if dash else 34)}" text-anchor="middle" fill="#4a4a4a">{escape(words)}</text>'
    )
