"""A department's blank form, read column by column: what each means, whether somebody holds it, how much is twice."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import headings, hostile, verdict
from jiceng_pipeline.forms.definition import forms, plain
from jiceng_pipeline.forms.headings import Match
from jiceng_pipeline.forms.lint import overlap
from jiceng_pipeline.forms.verdict import Held, Verdict
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

_WITHIN = 20  # rows: titles above a header take a few
_POINTS: Mapping[Verdict, float] = {"fresh": 1.0, "verify": 0.5, "other": 0.0, "collect": 0.0}


@dataclass(frozen=True)
class Judged:
    """One column of the blank form."""

    heading: str
    column: int
    match: Match | None
    verdict: Verdict
    words: str


@dataclass(frozen=True)
class Compiled:
    """What there is to say of a blank form. `score`: of 100, how much of it is held already.

    `alike` lists forms with the share of its elements that they have too, the likest first.
    """

    title: str
    header_row: int
    columns: tuple[Judged, ...]
    score: int
    alike: tuple[tuple[str, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def compile_file(settings: Settings, path: Path) -> Compiled:
    """Read a blank workbook; raise UsageError where it is hostile or no sheet of it has a header."""
    found = [read for rows in hostile.sheets(path).values() if (read := _header(rows))]
    if not found:
        raise UsageError("找不到表头", where=path.name, cure="表头要在前二十行，至少三个项目认得出来")
    title, row, columns = max(found, key=lambda each: len(each[2]))
    known = _held(settings)
    matched = headings.matches([heading for _, heading in columns])
    judged = tuple(
        Judged(heading, column, match, *verdict.judge(heading, match, known))
        for (column, heading), match in zip(columns, matched, strict=True)
    )
    elements = frozenset(each.match.element for each in judged if each.match and each.verdict != "other")
    alike = sorted(((form.title, overlap(elements, form)) for form in forms().values()) if elements else (), key=_share)
    points = sum(_POINTS[each.verdict] for each in judged)
    score = round(100 * points / len(judged))
    return Compiled(title or path.stem, row, judged, score, tuple((name, round(share, 2)) for name, share in alike))


def _share(alike: tuple[str, float]) -> tuple[float, str]:
    return -alike[1], alike[0]


def _held(settings: Settings) -> Mapping[str, Held] | None:
    version = publish.current(settings)
    if version is None:
        return None
    with connect(version.database, settings=settings, read_only=True) as connection:
        return verdict.held(connection)


def _header(rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[str, int, list[tuple[int, str]]] | None:
    """Return (title, row of the header from 0, its columns); None where no row looks like one.

    A header of two rows has groups above: what stands lower is the column, where nothing does, what is above.
    """
    best: tuple[int, int, int, list[tuple[int, str]]] | None = None
    first = [each for each in rows if each[0] < _WITHIN]
    for place, (number, texts) in enumerate(first):
        options = [(number, [(column, text) for column, text in enumerate(texts) if text.strip()])]
        if place and first[place - 1][0] == number - 1:
            above = first[place - 1][1]
            width = max(len(above), len(texts))
            joined = [
                (column, low or high)
                for column in range(width)
                if (low := _at(texts, column)) or (high := _at(above, column))
            ]
            options.append((number, joined))
        for row, columns in options:
            named = [(column, " ".join(text.split())) for column, text in columns if plain(text) not in headings.OWN]
            sure = sum(1 for each in headings.matches([text for _, text in named]) if each and each.confidence >= 0.85)
            if sure >= 3 and (best is None or (sure, -len(named)) > best[:2]):
                best = sure, -len(named), row, named
    if best is None:
        return None
    above = [text.strip() for number, texts in first for text in texts if number < best[2] and text.strip()]
    return max(above, key=len, default=""), best[2], best[3]


def _at(texts: Sequence[str], column: int) -> str:
    return texts[column].strip() if column < len(texts) else ""
