"""What holds now of the cells of a form, and whether somebody said something else since the form was handed out."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import duckdb

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import intake
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.sheet_key import Hasher, SheetKey, text_of
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier

Values = Mapping[str, Mapping[str, str]]  # entity_id → element → value in text


class Held:
    """The values of some entities: in the version served now, in that a form was made of, in the ledger since."""

    def __init__(
        self,
        settings: Settings,
        connection: duckdb.DuckDBPyConnection,
        ledger: Ledger,
        form: Form,
        key: SheetKey,
        entity_ids: Sequence[str],
    ) -> None:
        self._form, self._actor = form, key.actor
        self._handed_out = int(key.receipt.partition("-")[0])
        self._now = _values(connection, form, entity_ids, _standard)
        self._said = intake.last_words(ledger, form.rows.entity, entity_ids)
        self._base: Values | None = self._now
        served = publish.find(settings)
        self._since = served.manifest["inputs"]["ledger_seq"]
        if served.name != key.version:
            self._base = None
            self._since = self._handed_out
            with suppress(JicengError, OSError, duckdb.Error):  # a base that is gone: what was handed out is hashed
                base = publish.find(settings, key.version)
                with connect(base.database, settings=settings, read_only=True) as earlier:
                    self._base = _values(earlier, form, entity_ids, _standard)
                self._since = base.manifest["inputs"]["ledger_seq"]
        if self._base is None:
            self._hasher = Hasher(settings)
            self._shown = _values(connection, form, entity_ids, _in_words)
            names = [each.element for each in key.columns]
            self._hashes = {row.entity_id: dict(zip(names, row.hashes, strict=True)) for row in key.rows}

    def value(self, entity_id: str, element: str) -> str | None:
        """Return the value that holds now, None where nobody holds one."""
        return self._now.get(entity_id, {}).get(element)

    def was_said(self, entity_id: str, element: str, value: str, by: str | None = None) -> bool:
        """Say whether a community, `by` alone where given, said this last of the cell, and nobody replaced it."""
        last = self._said.get((entity_id, element))
        if last is None or last.body.value != value or by not in {None, last.body.community_code}:
            return False
        return last.seq > self._since or self.value(entity_id, element) == value

    def may_verify(self, entity_id: str, element: str) -> bool:
        """Say whether the value may be called right: it is the one that was handed out, and not called so yet."""
        now = self.value(entity_id, element)
        last = self._said.get((entity_id, element))
        is_said = last is not None and last.seq > self._since and last.body.value == now
        return now is not None and self._is_as_handed_out(entity_id, element) and not is_said

    def conflict(self, entity_id: str, element: str, value: str) -> str:
        """Return in words what else was said since the form was handed out; empty where nothing was."""
        last = self._said.get((entity_id, element))
        # what one said oneself before one had this form is no news: a slip may be put right
        is_own = last is not None and last.actor == self._actor and last.seq < self._handed_out
        if last is not None and last.seq > self._since and last.body.value != value and not is_own:
            return (
                f"这张表发出以后，{last.body.collected_date} 已有人采集了另一个值（{last.actor}）。"
                "两个值没有互相覆盖：请核实后重新下载这张表，按最新的值再填"
            )
        if not self._is_as_handed_out(entity_id, element) and self.value(entity_id, element) != value:
            return "这张表发出以后，部门更新了这一格。没有覆盖：请重新下载这张表，看过新值再填"
        return ""

    def _is_as_handed_out(self, entity_id: str, element: str) -> bool:
        """Say whether the cell holds what it held in the version that the form was made of."""
        if self._base is not None:
            return self.value(entity_id, element) == self._base.get(entity_id, {}).get(element)
        said = self._hashes.get(entity_id, {}).get(element)
        if said is None or element in self._form.rows.derives:
            return True
        return self._hasher.cell(entity_id, element, self._shown.get(entity_id, {}).get(element)) == said


def _standard(element: str) -> str:
    return f"cast({identifier(element)} as varchar)"


def _in_words(element: str) -> str:
    return in_words(register.element(element), identifier(element), {})


def _values(
    connection: duckdb.DuckDBPyConnection, form: Form, entity_ids: Sequence[str], written: Callable[[str], str]
) -> Values:
    """Return what a version holds: the governed value where there is one, else the winning value."""
    entity, key = form.rows.entity, form.rows.key
    elements = [each.element for each in form.columns]
    wanted = ", ".join(map(literal, sorted(set(entity_ids)))) or "''"
    found: dict[str, dict[str, str]] = {}
    for table, named in ((f"matching.{entity}_golden", "entity_id"), (f"governance.{entity}", key)):
        known = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
        columns = [name for name in elements if name in known]
        if not columns:
            continue
        listed = ", ".join(map(written, columns))
        for entity_id, *cells in connection.execute(
            f"select {named}, {listed} from {table} where {named} in ({wanted})"
        ).fetchall():
            held = {name: text_of(cell) for name, cell in zip(columns, cells, strict=True) if cell is not None}
            found.setdefault(entity_id, {}).update(held)
    return found
