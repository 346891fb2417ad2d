"""What holds now of the cells of a form, and whether somebody said something else since the form was handed out."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import duckdb

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import intake
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.sheet_key import SheetKey
from jiceng_pipeline.forms.typed import as_text
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier

Values = Mapping[str, Mapping[str, str]]  # entity_id → element → standard value in text


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
        self._now = _values(connection, form, entity_ids)
        self._said = intake.last_words(ledger, form.rows.entity, entity_ids)
        self._base = self._now
        self._since = 0
        served = publish.current(settings)
        if served:
            self._since = served.manifest["inputs"]["ledger_seq"]
        if served and served.name != key.version:
            with suppress(JicengError, OSError, duckdb.Error):  # a base that is gone cannot be compared
                base = publish.find(settings, key.version)
                self._since = base.manifest["inputs"]["ledger_seq"]
                with connect(base.database, settings=settings, read_only=True) as earlier:
                    self._base = _values(earlier, form, entity_ids)

    def value(self, entity_id: str, element: str) -> str | None:
        """Return the value that holds now, None where nobody holds one."""
        return self._now.get(entity_id, {}).get(element)

    def was_said(self, entity_id: str, element: str, value: str) -> bool:
        """Say whether this is what a community said last of the cell."""
        last = self._said.get((entity_id, element))
        return last is not None and last.body.value == value

    def may_verify(self, entity_id: str, element: str) -> bool:
        """Say whether the value may be called right: it is the one that was handed out, and not called so yet."""
        now = self.value(entity_id, element)
        last = self._said.get((entity_id, element))
        is_said = last is not None and last.seq > self._since and last.body.value == now
        return now is not None and now == self._base.get(entity_id, {}).get(element) and not is_said

    def conflict(self, entity_id: str, element: str, value: str) -> str:
        """Return in words what else was said since the form was handed out; empty where nothing was."""
        last = self._said.get((entity_id, element))
        if last is not None and last.seq > self._since and last.body.value != value:
            return (
                f"这张表发出以后，{last.body.collected_date} 已有人采集了另一个值（{last.actor}）。"
                "两个值没有互相覆盖：请核实后重新下载这张表，按最新的值再填"
            )
        now, base = self.value(entity_id, element), self._base.get(entity_id, {}).get(element)
        if now != base and now != value:
            return "这张表发出以后，部门更新了这一格。没有覆盖：请重新下载这张表，看过新值再填"
        return ""


def _values(connection: duckdb.DuckDBPyConnection, form: Form, entity_ids: Sequence[str]) -> Values:
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
        listed = ", ".join(f"cast({identifier(name)} as varchar)" for name in columns)
        for entity_id, *cells in connection.execute(
            f"select {named}, {listed} from {table} where {named} in ({wanted})"
        ).fetchall():
            found.setdefault(entity_id, {}).update(as_text(dict(zip(columns, cells, strict=True))))
    return found
