"""What becomes of each cell of a form that came back: compared with what was handed out and with what holds now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import intake, typed
from jiceng_pipeline.forms.definition import PLACE, Column, Form
from jiceng_pipeline.forms.held import Held
from jiceng_pipeline.forms.intake import IDENTIFIERS, Said, Whom
from jiceng_pipeline.forms.report import Cell, Fate
from jiceng_pipeline.forms.returned_sheet import Body, Found
from jiceng_pipeline.forms.sheet_key import FILL, NONE, VERIFY, Hasher, SheetKey
from jiceng_pipeline.forms.typed import Value
from jiceng_pipeline.forms.workbook import VERDICTS
from jiceng_pipeline.ledger.store import Ledger

FOUND_RIGHT, _, NOT_FOUND = VERDICTS
VISITED = "visit_date"  # where a form asks for it, that is the day it was collected
_TYPED_OVER = "这一行发出时是另一个人（户），现在写的是别人，不知道记给谁；请把这一行恢复原样，新的人写在下面的空行里"
_OTHER_NAME = "这个号码登记的是另一个姓名，这一行没有收；请核对号码和姓名，改正后再交"
_LOCKED = "要改请在“核实情况”里写明，或在门户对这一格提异议；值已按原样保留"


@dataclass
class Judged:
    """`said` is what is to be taken in, by day; counts are of cells by fate."""

    cells: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    said: list[tuple[date, list[Said]]] = field(default_factory=list)
    new: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Return fate → how many cells."""
        return dict(sorted(Counter(cell.fate for cell in self.cells).items()))


class Judge:
    """Judges one workbook; the version's connection stays open meanwhile."""

    def __init__(
        self, settings: Settings, connection: duckdb.DuckDBPyConnection, ledger: Ledger, form: Form, key: SheetKey
    ) -> None:
        self._settings, self._connection, self._ledger = settings, connection, ledger
        self._form, self._key = form, key
        self._hasher = Hasher(settings)
        self._day = clock.business_date(settings)
        self._refused: dict[tuple[str, int], str] = {}  # rows that are nobody's, and why
        self._elsewhere: set[str] = set()  # who was added here and belongs to another community

    def judge(self, body: Body) -> Judged:
        """Return the fate of every cell of the body."""
        judged = Judged()
        values = self._values(body.rows)
        whom = self._whom(body, values, judged)
        ids = [each.entity_id for each in whom.values()]
        held = Held(self._settings, self._connection, self._ledger, self._form, self._key, ids)
        taken: set[tuple[str, str]] = set()
        for row in body.rows:
            self._row(row, whom.get((row.sheet, row.row)), values, held, taken, judged)
        for title in body.lost:
            judged.notes.append(f"没有找到“{title}”这一列，它里面的内容没有收：请把表头改回“{title}”再交")
        for sheet in body.strangers:
            judged.notes.append(f"工作表“{sheet[:31]}”不是这张表的一部分，里面的内容没有收")
        for missing in body.missing:
            judged.notes.append(f"发出时第 {missing.row + 1} 行的人没有交回来：没有当作迁出或去世，原来的值不变")
            judged.cells += [
                Cell(missing.sheet, missing.row, -1, column.title, "empty") for column in self._key.columns
            ]
        return judged

    def _values(self, rows: Sequence[Found]) -> Mapping[tuple[str, int, int], Value]:
        """Return the standard value of every text, column by column."""
        found: dict[tuple[str, int, int], Value] = {}
        for place, column in enumerate(self._form.columns):
            texts = [(row.sheet, row.row, row.cells[place]) for row in rows if row.cells[place]]
            said = typed.read(self._connection, self._form, column, [text for *_, text in texts], self._day)
            found |= {(sheet, row, place): value for (sheet, row, _), value in zip(texts, said, strict=True)}
        return found

    def _whom(
        self, body: Body, values: Mapping[tuple[str, int, int], Value], judged: Judged
    ) -> Mapping[tuple[str, int], Whom]:
        """Return of whom each row is: who was handed out there, else who is named there by a number and a name."""
        entity = self._form.rows.entity
        keyed = {row.key.entity_id for row in body.rows if row.key}
        known = intake.known(self._connection, self._settings, entity, keyed)
        found: dict[tuple[str, int], Whom] = {}
        for row in body.rows:
            if row.key:
                gone = Whom(entity, row.key.entity_id, None)
                found[row.sheet, row.row] = known.get(row.key.entity_id, gone)
                continue
            if row.is_typed_over:
                self._refused[row.sheet, row.row] = _TYPED_OVER
                continue
            number, name = (self._said(row, element, values) for element in IDENTIFIERS[entity])
            if number and name:
                holder = intake.by_identifier(self._connection, self._settings, entity, number, name)
                if holder and not holder.is_named_so:
                    self._refused[row.sheet, row.row] = _OTHER_NAME
                    continue
                whom = holder.whom if holder else intake.newcomer(self._settings, entity, number)
                found[row.sheet, row.row] = whom
                judged.new += 1
                if whom.entity_id in keyed:
                    judged.notes.append(f"第 {row.row + 1} 行补的人已经在表里，值记在同一个人名下")
                elif holder and holder.community not in {None, self._key.community}:
                    self._elsewhere.add(whom.entity_id)
                    judged.notes.append(
                        f"第 {row.row + 1} 行补的人登记在别的社区：值记在这个人名下，所属社区没有改；请核对号码没有写错"
                    )
        return found

    def _said(self, row: Found, element: str, values: Mapping[tuple[str, int, int], Value]) -> str | None:
        for place, column in enumerate(self._form.columns):
            if column.element == element:
                value = values.get((row.sheet, row.row, place))
                return value.value if value else None
        return None

    def _row(
        self,
        row: Found,
        whom: Whom | None,
        values: Mapping[tuple[str, int, int], Value],
        held: Held,
        taken: set[tuple[str, str]],
        judged: Judged,
    ) -> None:
        day = self._collected(row, values)
        said: list[Said] = []
        if row.verdict == NOT_FOUND:
            judged.notes.append(f"第 {row.row + 1} 行写了“{NOT_FOUND}”：没有删去任何人，请在门户对这个人提异议")
        for place, column in enumerate(self._form.columns):
            value = values.get((row.sheet, row.row, place))
            fate, words = self._fate(row, whom, place, column, value, held, taken)
            judged.cells.append(Cell(row.sheet, row.row, row.places[place], column.heading, fate, words))
            if whom is not None and fate in {"accepted", "verified"}:
                taken.add((whom.entity_id, column.element))
                standard = held.value(whom.entity_id, column.element) if fate == "verified" else value and value.value
                if standard:
                    kind = "verified" if fate == "verified" else "collected"
                    said.append(Said(whom, column.element, standard, kind))  # type: ignore[arg-type]
        if row.verdict and row.verdict not in VERDICTS:
            words = f"“核实情况”只能选：{'、'.join(VERDICTS)}"
            judged.cells.append(Cell(row.sheet, row.row, row.verdict_place, "核实情况", "rejected", words))
        for place in row.outside:
            words = "表的右边写的内容没有收；请写进表里的格子"
            judged.cells.append(Cell(row.sheet, row.row, place, "表外", "outside", words))
        if whom is not None and whom.is_new and said and not held.was_said(whom.entity_id, PLACE, self._key.community):
            said.append(Said(whom, PLACE, self._key.community))  # else the newcomer would belong nowhere
        if said:
            judged.said.append((day, said))

    def _collected(self, row: Found, values: Mapping[tuple[str, int, int], Value]) -> date:
        visited = self._said(row, VISITED, values)
        # the visit that was handed out with the form is an earlier one
        is_new = any(
            each.element == VISITED and not self._is_same(row, place, values.get((row.sheet, row.row, place)))
            for place, each in enumerate(self._form.columns)
        )
        return min(date.fromisoformat(visited), self._day) if visited and is_new else self._day

    def _is_same(self, row: Found, place: int, value: Value | None) -> bool:
        """Say whether a cell says what it said when it was handed out, be it written in another way."""
        if row.key is None:
            return False
        who, element = row.key.entity_id, self._form.columns[place].element
        # office programs turn days into text and put noughts behind numbers
        ways = (row.cells[place], value.words if value and value.words else row.cells[place])
        return any(self._hasher.cell(who, element, text) == row.key.hashes[place] for text in ways)

    def _fate(
        self,
        row: Found,
        whom: Whom | None,
        place: int,
        column: Column,
        value: Value | None,
        held: Held,
        taken: set[tuple[str, str]],
    ) -> tuple[Fate, str]:
        text = row.cells[place]
        if words := self._refused.get((row.sheet, row.row)):
            return ("rejected", words) if text else ("empty", "")
        if row.key is None:
            return self._inserted(whom, column, text, value, held, taken)
        state = row.key.states[place]
        may = column.is_fillable and (column.asked or state in {FILL, VERIFY})
        if row.places[place] < 0:
            return "empty", ""
        if self._is_same(row, place, value):
            found_right = row.verdict == FOUND_RIGHT and text and state == VERIFY and column.is_fillable
            if found_right and not row.is_copy and whom and held.may_verify(whom.entity_id, column.element):
                return "verified", ""
            return ("unchanged" if text else "empty"), ""
        if not may:
            if state == NONE or not column.is_fillable:
                return ("locked" if text else "empty"), f"“{column.heading}”不由社区填。{_LOCKED}"
            return "locked", f"发出时已有值，不能直接改。{_LOCKED}"
        if not text:
            return "rejected", f"“{column.heading}”原来的值被清空了：清空不算改正，请写上正确的值"
        return self._typed(whom, column, value, held, taken, row.is_copy)

    def _inserted(
        self,
        whom: Whom | None,
        column: Column,
        text: str,
        value: Value | None,
        held: Held,
        taken: set[tuple[str, str]],
    ) -> tuple[Fate, str]:
        if not text:
            return "empty", ""
        if whom is None:
            number, name = (self._title(element) for element in IDENTIFIERS[self._form.rows.entity])
            return "rejected", f"补的一行要有“{name}”和正确的“{number}”，才知道是谁；请补上再交"
        if not column.is_fillable:
            return "rejected", f"“{column.heading}”由系统算出或由部门掌握，新补的人不用填"
        # of somebody else's resident it is not told whether what was typed is right
        is_ours = not whom.is_new and whom.entity_id not in self._elsewhere
        if is_ours and held.value(whom.entity_id, column.element) == (value and value.value):
            return "unchanged", ""
        return self._typed(whom, column, value, held, taken, False)

    def _title(self, element: str) -> str:
        return next((each.heading for each in self._form.columns if each.element == element), element)

    def _typed(
        self,
        whom: Whom | None,
        column: Column,
        value: Value | None,
        held: Held,
        taken: set[tuple[str, str]],
        is_copy: bool,
    ) -> tuple[Fate, str]:
        if value is None or value.value is None:
            return "rejected", value.fault if value else "没有读出值"
        if whom is None or whom.record_id is None:
            return "rejected", "这个人已经不在库里（可能并入了另一条），请重新下载这张表再填"
        cell = (whom.entity_id, column.element)
        by = self._key.community if whom.entity_id in self._elsewhere else None
        if held.was_said(*cell, value.value, by):
            return "unchanged", ""
        if cell in taken:
            return "rejected", "同一个人在表里有两行，这一项两行都填了：只收了前一行的"
        if is_copy and held.value(*cell) == value.value:
            return "unchanged", ""
        if words := held.conflict(*cell, value.value):
            return "conflict", words
        return "accepted", ""
