"""Which data element a heading means: by its exact words, by what others call it, by how it sounds, by likeness."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import yaml

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms.definition import forms, plain
from jiceng_pipeline.standard.register import elements

SYNONYMS = Path(__file__).with_name("synonyms.yaml")
_LEAST_ALIKE = 0.62
OWN = {"序号", "编号", "备注", "签字", "签名", "盖章", "填表人", "号"}  # of the sheet, not of anybody


@dataclass(frozen=True)
class Match:
    """The element a heading means, how sure that is (1: its own title), and by what it was found."""

    element: str
    confidence: float
    way: str


def matches(headings: Sequence[str]) -> list[Match | None]:
    """Return what each heading of one sheet means; of several meanings, that of whom the other columns are about."""
    options = [_options(each) for each in headings]
    about: Counter[str] = Counter(
        entity
        for found in options
        if found and found[0].confidence >= 0.9
        for entity in elements()[found[0].element].entities
    )
    chosen: list[Match | None] = []
    for found in options:
        best = max(
            found, key=lambda each: (round(each.confidence, 2), _weight(each, about), each.element), default=None
        )
        chosen.append(best)
    return chosen


def _weight(match: Match, about: Mapping[str, int]) -> int:
    own = elements()[match.element].entities
    return max((about[each] for each in own if each in about), default=0)


def _options(heading: str) -> list[Match]:
    wanted = plain(heading)
    if not wanted or wanted in OWN:
        return []
    titles, others = _titles(), _others()
    if found := titles.get(wanted, ()):
        exact = [Match(each, 1.0, "名称相同") for each in found]
        return [*exact, *(Match(each, 0.99, "别名") for each in others.get(wanted, ()) if each not in found)]
    if found := others.get(wanted, ()):
        return [Match(each, 0.95, "别名") for each in found]
    if found := _sounds().get(_sound(wanted), ()):
        return [Match(each, 0.85, "读音相同") for each in found]
    alike = sorted(
        (
            (SequenceMatcher(None, wanted, known, autojunk=False).ratio(), each)
            for known, names in {**others, **titles}.items()
            for each in names
        ),
        reverse=True,
    )
    share, best = alike[0]
    return [Match(best, round(0.8 * share, 2), "文字相近")] if share >= _LEAST_ALIKE else []


@cache
def _titles() -> Mapping[str, tuple[str, ...]]:
    return _grouped((plain(each.title), each.id) for each in elements().values())


@cache
def _others() -> Mapping[str, tuple[str, ...]]:
    """Return what departments, forms and the list of synonyms call an element."""
    said = [
        *(
            (plain(column.rpartition("/")[2]), each)
            for system in contracts().values()
            for column, each in system.columns.items()
        ),
        *((plain(column.heading), column.element) for form in forms().values() for column in form.columns),
        *((plain(word), each) for each, words in _synonyms().items() for word in words),
    ]
    return _grouped((word, each) for word, each in said if re.search(r"[\u3400-\u9fff]", word))


@cache
def _synonyms() -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = yaml.safe_load(documents.read_text(SYNONYMS))
    if odd := sorted(set(found) - set(elements())):
        raise DefinitionError(f"没有数据元 {odd[0]}", where=documents.line(SYNONYMS, odd[0]), cure="改名或删去")
    return found


@cache
def _sounds() -> Mapping[str, tuple[str, ...]]:
    known = {**_others(), **_titles()}
    return _grouped((_sound(word), each) for word, names in known.items() for each in names)


def _sound(text: str) -> str:
    return " ".join(_readings().get(sign, sign) for sign in text)


@cache
def _readings() -> Mapping[str, str]:
    path = Settings(home=Path()).reference / "pinyin.csv"
    return {row["sign"]: row["reading"] for row in csv.DictReader(documents.read_text(path).splitlines())}


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for word, each in pairs:
        found.setdefault(word, {})[each] = None
    return {word: tuple(names) for word, names in found.items()}
