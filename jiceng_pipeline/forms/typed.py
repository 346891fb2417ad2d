"""What a clerk typed into a cell as a standard value, or what is wrong with it and how a right one looks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

import duckdb
import pyarrow as pa

from jiceng_pipeline.forms.definition import Column, Form
from jiceng_pipeline.forms.sheet_key import text_of
from jiceng_pipeline.landing.standard_values import FUNCTIONS
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element

_EXAMPLES = {
    "phone": "13912345678 或 0513-85512345",
    "citizen_id": "十八位公民身份号码，末位可以是 X",
    "credit_code": "十八位统一社会信用代码",
    "date": "2026-11-20",
    "integer": "3",
    "decimal": "350.5",
    "boolean": "是",
    "name": "王小明",
    "address": "虹桥街道青年路12号3幢201室",
    "division": "十二位社区代码",
}


@dataclass(frozen=True)
class Value:
    """A typed text as standard value; `fault` says what is wrong instead, without the text.

    `words` is how a form shows that value, whatever way it was written: empty where the text is none.
    """

    value: str | None = None
    fault: str = ""
    words: str = ""


def read(
    connection: duckdb.DuckDBPyConnection, form: Form, column: Column, texts: Sequence[str], day: date
) -> list[Value]:
    """Return each text as the element's standard value: codes by their code or their words, checks of the form kept."""
    said = [_by_word(column.of, text.strip()) for text in texts]
    connection.register("typed_text", pa.table({"n": range(len(said)), "t": pa.array(said, pa.string())}))
    try:
        shown = in_words(column.of, f"cast(v as {column.of.sql_type})", {})
        rows = connection.execute(f"select v, {shown} from ({_select(column.of)}) order by n").fetchall()
    finally:
        connection.unregister("typed_text")
    return [replace(_checked(form, column, found, day), words=text_of(words)) for found, words in rows]


def example(element: Element) -> str:
    """Return how a right value looks, in words."""
    if element.code_set:
        return "、".join(list(code_sets()[element.code_set].values())[:8])
    return _EXAMPLES.get(element.type, f"不超过 {element.max_length} 个字" if element.max_length else "文字")


def _by_word(element: Element, text: str) -> str:
    if element.code_set is None:
        return text
    words = {word: code for code, word in code_sets()[element.code_set].items()}
    return words.get(text, text)


def _select(element: Element) -> str:
    if function := FUNCTIONS.get(element.type):
        value = f"cast({function}(t) as varchar)"
    elif element.type == "division":
        value = "(select min(a.code) from standard.division_alias as a where a.alias = t and a.county_code = '')"
    elif element.code_set is not None:
        known = ", ".join(map(literal, code_sets()[element.code_set]))
        value = f"case when t in ({known}) then t end"
    else:
        value = "std_text(t)"
    fits = ["v is not null"]
    if element.max_length:
        fits.append(f"length(v) <= {element.max_length}")
    if element.pattern:
        fits.append(f"regexp_full_match(v, {literal(element.pattern)})")
    return f"select n, case when {' and '.join(fits)} then v end as v from (select n, {value} as v from typed_text)"


def _checked(form: Form, column: Column, found: str | None, day: date) -> Value:
    if found is None:
        return Value(fault=f"“{column.heading}”填得不对。正确的例子：{example(column.of)}")
    for check in form.checks:
        if check.column == column.element and not _keeps(
            check.at_least, check.at_most, check.not_after_today, found, day
        ):
            return Value(fault=check.words)
    return Value(found)


def _keeps(low: int | None, high: int | None, not_after_today: bool, value: str, day: date) -> bool:
    if not_after_today:
        try:
            return date.fromisoformat(value[:10]) <= day
        except ValueError:
            return False
    try:
        number = Decimal(value)
    except InvalidOperation:
        return low is None and high is None
    return (low is None or number >= low) and (high is None or number <= high)
