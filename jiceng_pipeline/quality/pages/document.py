"""One HTML page: its frame, its style, and the few parts our pages are made of; every text is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem 3rem; background: #fff; color: #1a1a1a;
  font: 1.125rem/1.6 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", SimSun, sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.3; } h2 { margin-top: 2.2rem; font-size: 1.4rem; }
a { color: #0b5394; } a:focus { outline: 3px solid #f2b600; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.2rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border-bottom: 1px solid #767676; padding: .35rem .6rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid #1a1a1a; } td.number, th.number { text-align: right; white-space: nowrap; }
figure + table { width: auto; min-width: 18rem; } svg { max-width: 100%; height: auto; } figure { margin: 1rem 0 0; }
.cards { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
.cards li { border: 1px solid #767676; border-radius: .4rem; padding: .6rem 1rem; min-width: 9rem; }
.cards strong { display: block; font-size: 1.6rem; line-height: 1.3; }
.bad { font-weight: 600; color: #9c1c00; } .note { color: #4a4a4a; font-size: 1rem; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } a { color: inherit; }
  h2 { break-after: avoid; } figure, tr, .cards { break-inside: avoid; } nav { display: none; } }
"""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> str:
    """Return a value as HTML: what is Html stays, all else is escaped; None is a dash."""
    if isinstance(value, Html):
        return value
    return "—" if value is None else escape(f"{value:,}" if isinstance(value, int) else str(value))


def page(title: str, parts: Iterable[str], *, links: Sequence[tuple[str, str]] = ()) -> str:
    """Return a whole page; `links` (address, words) stand above its heading."""
    nav = " · ".join(link(address, words) for address, words in links)
    return "\n".join(
        (
            '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
            f'<nav aria-label="位置">{nav}</nav>' if nav else "",
            f"<main>\n<h1>{escape(title)}</h1>",
            *parts,
            "</main>\n</body>\n</html>\n",
        )
    )


def heading(words: str) -> Html:
    """Return a heading below the page's own."""
    return Html(f"<h2>{escape(words)}</h2>")


def paragraph(words: object, *, kind: str = "") -> Html:
    """Return a paragraph; `kind` is a class of the style."""
    of_kind = f' class="{kind}"' if kind else ""
    return Html(f"<p{of_kind}>{text(words)}</p>")


def link(address: str, words: object) -> Html:
    """Return a link."""
    return Html(f'<a href="{escape(address, quote=True)}">{text(words)}</a>')


def cards(facts: Iterable[tuple[str, object]]) -> Html:
    """Return the few numbers a reader wants first: (words, number)."""
    return Html(
        '<ul class="cards">' + "".join(f"<li><strong>{text(value)}</strong>{text(name)}</li>" for name, value in facts)
        + "</ul>"
    )  # fmt: skip


def bullets(lines: Iterable[object]) -> Html:
    """Return a list."""
    return Html("<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "没有") -> Html:
    """Return a table with a caption; numbers stand to the right. No rows: the caption and the word for that."""
    found = list(rows)
    if not found:
        return paragraph(f"{caption}：{empty}")
    numeric = [all(isinstance(row[i], int | float | None) for row in found) for i in range(len(head))]
    shown = "".join(
        f'<th scope="col"{" class=number" if number else ""}>{text(name)}</th>'
        for name, number in zip(head, numeric, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{' class=number' if number else ''}>{text(cell)}</td>"
            for cell, number in zip(row, numeric, strict=True)
        )
        + "</tr>"
        for row in found
    )
    return Html(
        f"<table><caption>{text(caption)}</caption>\n<thead><tr>{shown}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )
