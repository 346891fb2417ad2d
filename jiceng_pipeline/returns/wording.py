"""Codes and names of ours in the words a village clerk knows, as SQL over a column."""

from collections.abc import Mapping

from jiceng_pipeline.departments.contract import systems
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.standard.tags import tags

_SYSTEM_LISTS = {"source_systems", "present_system", "other_systems"}
_APART = chr(31)
_VALUES_OF_ANY_ELEMENT = {"present_value": "；", "other_values": "；"}


def in_words(element: Element, sql: str, titles: Mapping[str, str]) -> str:
    """Return SQL for what `sql` (a value of `element`) says in words; `titles` are those of datasets."""
    if element.code_set:
        return _looked_up(sql, code_sets()[element.code_set])
    if element.type == "boolean":
        return f"case when {sql} then '是' when not {sql} then '否' end"
    if element.type == "timestamp":
        return f"strftime({sql}, '%Y-%m-%d %H:%M')"
    if element.id in _SYSTEM_LISTS:
        return _each(sql, ",", _looked_up("t", {name: each.title for name, each in systems().items()}))
    if element.id == "changed_elements":
        return _each(sql, ",", _looked_up("t", {each.id: each.title for each in register.elements().values()}))
    if element.id == "tags":
        return _each(sql, ",", _looked_up("t", {code: tag.title for code, tag in tags().items()}))
    if element.id in _VALUES_OF_ANY_ELEMENT:
        separator = _VALUES_OF_ANY_ELEMENT[element.id]
        return _each(sql, separator, _looked_up("t", _every_code(), key="element_id || ':' || t"))
    return _looked_up(sql, titles) if element.id == "dataset" else sql


def _every_code() -> Mapping[str, str]:
    sets = code_sets()
    coded = [each for each in register.elements().values() if each.code_set]
    return {f"{e.id}:{code}": name for e in coded for code, name in sets[e.code_set or ""].items()}


def _looked_up(value: str, names: Mapping[str, str], key: str = "") -> str:
    """Return SQL for the name of `value`; what has none stands for itself."""
    if not names:
        return value
    # two texts that are taken apart once, instead of a list: DuckDB reads a thousand literals for longer than it runs
    codes, said = (f"string_split({literal(_APART.join(each))}, chr(31))" for each in (names, names.values()))
    return f"coalesce(map({codes}, {said})[{key or value}], {value})"


def _each(value: str, separator: str, translated: str) -> str:
    """Return SQL that applies `translated`, an expression over `t`, to each part of a list in text."""
    parts = f"list_transform(string_split({value}, {literal(separator)}), lambda t: {translated})"
    return f"array_to_string({parts}, '、')"
