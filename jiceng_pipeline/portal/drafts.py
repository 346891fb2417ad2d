"""Drafts (草稿): a form that is being filled on the screen, saved after every step, until it is handed in or given up.

A draft begins as the workbook that would have been downloaded, and ends as one that is handed in: what is typed here
goes the same way as what is typed into Excel, and is compared with what was handed out on the day it was begun.
Drafts lie in `JICENG_HOME/portal/drafts/` and in the portal's database, and are removed after thirty days.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from openpyxl import load_workbook
from openpyxl.cell import Cell as SheetCell

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import hostile, prefill, readback, returned_sheet, sheet_key, workbook
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.page import Page
from jiceng_pipeline.forms.report import FATES, Report
from jiceng_pipeline.forms.sheet_key import FILL, VERIFY, SheetKey
from jiceng_pipeline.portal import place
from jiceng_pipeline.portal.models import Draft

KEPT = timedelta(days=30)
VERDICT = "verdict"  # among a line's answers; no element is called so
_WORKBOOK, _LINES = "form.xlsx", "lines.json"


@dataclass(frozen=True)
class Cell:
    """One cell as it was handed out; `is_open` where the community may write."""

    element: str
    heading: str
    value: str
    source: str
    doubt: str
    choices: Sequence[str]
    is_open: bool


@dataclass(frozen=True)
class Line:
    """One person, household or enterprise of a form."""

    entity_id: str
    name: str
    cells: tuple[Cell, ...]

    @property
    def open_cells(self) -> Sequence[Cell]:
        """Return what is asked."""
        return [cell for cell in self.cells if cell.is_open]

    @property
    def known(self) -> Sequence[Cell]:
        """Return what is known and not asked."""
        return [cell for cell in self.cells if not cell.is_open and cell.value]


def start(settings: Settings, user: User, form: Form, scope: str) -> Draft:
    """Begin a draft with what is known now; one that is there already goes on."""
    tidy(settings)
    if (found := of(user, form, scope)) is not None:
        return found
    page = prefill.page(settings, actor=user.get_username(), form=form.id, community=scope)
    draft = Draft(user=user, form=form.id, scope=scope, key=secrets.token_hex(16), made=clock.now(), answers={})
    folder = _folder(settings, draft)
    with files.storage(folder):
        folder.mkdir(parents=True, mode=0o700)
        workbook.write(page, folder / _WORKBOOK, settings)
    files.write_json(folder / _LINES, [asdict(each) for each in _lines(page)])
    try:
        draft.save()
    except IntegrityError:  # begun in another window meanwhile, or pressed twice
        shutil.rmtree(folder, ignore_errors=True)
        return Draft.objects.get(user=user, form=form.id, scope=scope)
    return draft


def of(user: User, form: Form, scope: str) -> Draft | None:
    """Return the draft of an account, None where there is none."""
    return Draft.objects.filter(user=user, form=form.id, scope=scope).first()


def lines(settings: Settings, draft: Draft) -> Sequence[Line]:
    """Return what was handed out, line by line."""
    told = json.loads((_folder(settings, draft) / _LINES).read_text("utf-8"))
    return [Line(each["entity_id"], each["name"], tuple(Cell(**cell) for cell in each["cells"])) for each in told]


def save(draft: Draft, entity_id: str, answers: Mapping[str, str]) -> None:
    """Keep what was typed for one line."""
    with transaction.atomic():  # somebody may have it open in two windows
        draft.refresh_from_db(fields=["answers"])
        draft.answers = {**draft.answers, entity_id: dict(answers)}
        draft.save(update_fields=["answers"])


def hand_in(settings: Settings, draft: Draft) -> tuple[Report, Sequence[str]] | None:
    """Write the answers into the workbook, hand it in as its account, and remove the draft.

    Return the report, and what is to be looked at by the name of the line it is about instead of a workbook's cell.
    None where it was handed in meanwhile: who presses a button twice hands in once.
    """
    folder = _folder(settings, draft)
    with _alone(folder) as is_there:
        if not is_there:
            return None
        filled = folder / "filled.xlsx"
        with files.storage(folder):
            key = _fill(settings, folder / _WORKBOOK, filled, draft.answers)
        names = {line.entity_id: line.name for line in lines(settings, draft)}
        named = {row.row: names[row.entity_id] for row in key.rows}
        report = readback.read(settings, draft.user.get_username(), filled)
        drop(settings, draft)
    told = [f"{named.get(each.row, '')}　{each.title}：{FATES[each.fate]}。{each.words}" for each in report.told]
    return report, [*report.notes, *told]


def drop(settings: Settings, draft: Draft) -> None:
    """Remove a draft and what was typed into it."""
    shutil.rmtree(_folder(settings, draft), ignore_errors=True)
    draft.delete()


def tidy(settings: Settings) -> None:
    """Remove drafts that nobody came back to."""
    for draft in Draft.objects.filter(made__lt=clock.now() - KEPT):
        drop(settings, draft)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Wait until nobody else hands in what lies in a folder; say whether it is still there then."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder.exists()
    finally:
        os.close(handle)


def _lines(page: Page) -> Sequence[Line]:
    return [
        Line(
            row.entity_id,
            next((field.value for field in page.fields(row) if field.value), ""),
            tuple(
                Cell(
                    field.column.element, field.column.heading, field.value, field.source, field.doubt, field.choices,
                    field.column.is_fillable and (field.column.asked or field.state in {FILL, VERIFY}),
                )
                for field in page.fields(row)
            ),
        )
        for row in page.rows
    ]  # fmt: skip


def _fill(settings: Settings, blank: Path, filled: Path, answers: Mapping[str, Mapping[str, str]]) -> SheetKey:
    """Write each answer where its line and its column are, as a text and as nothing else; return where lines are."""
    key = sheet_key.read(returned_sheet.hidden(hostile.sheets(blank)), settings, blank.name)
    book = load_workbook(blank)
    columns = {each.element: each.column for each in key.columns} | {VERDICT: key.verdict_column}
    for row in key.rows:
        for element, text in answers.get(row.entity_id, {}).items():
            if text:
                cell = book[row.sheet].cell(row.row + 1, columns[element] + 1)
                assert isinstance(cell, SheetCell)
                cell.value = text
                cell.data_type = "s"  # what begins with = is what somebody typed, no formula
    book.save(filled)
    return key


def _folder(settings: Settings, draft: Draft) -> Path:
    return place.folder(settings) / "drafts" / draft.key
