"""Hand out forms (预填): leave is written down first, the row set is read once, each community gets a file."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.core.errors import IntegrityError, NothingPublished
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import admission, definition, rows, template, workbook
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.page import Page
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import communities, grants
from jiceng_pipeline.returns.access import Access, authorise
from jiceng_pipeline.returns.communities import Community
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version

ACTION = "form"
_MEMORY = "256MB"  # of the database in each process that makes files; a row set of a district sorts in it


@dataclass(frozen=True)
class Made:
    """A file that was handed out. `receipt` names the audit event."""

    form: str
    community: str
    path: Path
    rows: int
    receipt: str


def page(
    settings: Settings, *, actor: str, form: str, community: str, profile: str = "full", purpose: str | None = None
) -> Page:
    """Return one community's form as data, for a page on the screen; its purpose is the form's unless one is given.

    Raise UsageError for a form that is not on the list, AccessDenied where no grant covers it.
    """
    wanted, place = definition.find(form), communities.find(settings, community)
    version, access = _leave(settings, actor, wanted, place.code, profile, purpose)
    return next(_pages(settings, wanted, version, access, [place]))


def make(
    settings: Settings,
    *,
    actor: str,
    form: str,
    community: str,
    profile: str = "full",
    purpose: str | None = None,
    folder: Path | None = None,
) -> Made:
    """Write one community's workbook to `folder`, by default `forms/<code>/` in the home."""
    shown = page(settings, actor=actor, form=form, community=community, profile=profile, purpose=purpose)
    return _write(settings, shown, folder or settings.home / "forms" / shown.community.code)


def make_all(
    settings: Settings,
    *,
    actor: str,
    wanted: Sequence[str] | None = None,
    scope: str = grants.EVERYTHING,
    profile: str = "full",
    purpose: str | None = None,
    folder: Path | None = None,
) -> list[Made]:
    """Write the forms (by default all on the list) of every community whose code begins with `scope`.

    Leave is asked once a form. A form is made by one process, so as many at once as the settings have threads.
    """
    admitted = [each.form for each in admission.listed(settings) if each.state == "admitted"]
    chosen = [definition.find(name) for name in wanted] if wanted is not None else admitted
    place = folder or settings.home / "forms"
    tasks = [_Task(settings, actor, form.id, scope, profile, purpose, place) for form in chosen]
    with ProcessPoolExecutor(settings.threads, mp_context=get_context("spawn")) as pool:
        return [each for made in pool.map(_every, tasks) for each in made]


@dataclass(frozen=True)
class _Task:
    """What one process is told to make."""

    settings: Settings
    actor: str
    form: str
    scope: str
    profile: str
    purpose: str | None
    folder: Path


def _every(task: _Task) -> list[Made]:
    """Make one form for every community of the scope."""
    settings, form = replace(task.settings, threads=1, memory_limit=_MEMORY), definition.find(task.form)
    version, access = _leave(settings, task.actor, form, task.scope, task.profile, task.purpose)
    return [
        _write(settings, shown, task.folder / shown.community.code)
        for shown in _pages(settings, form, version, access, None)
        if task.scope == grants.EVERYTHING or shown.community.code.startswith(task.scope)
    ]


def _leave(
    settings: Settings, actor: str, form: Form, scope: str, profile: str, purpose: str | None
) -> tuple[Version, Access]:
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有可以填表的版本", where=str(settings.published), cure="先运行 jiceng sync")
    with open_ledger(settings) as ledger:
        admission.require(ledger, form, business_date(settings))
        stated = purpose or form.purpose
        access = authorise(ledger, actor, form.dataset, scope, profile, stated, action=ACTION, version=version.name)
    return version, access


def _pages(
    settings: Settings, form: Form, version: Version, access: Access, wanted: Sequence[Community] | None
) -> Iterator[Page]:
    """Yield the pages of the communities `wanted`, also those without a row; None: of all that have rows."""
    as_of = str(version.manifest["inputs"]["business_date"])
    known = communities.communities(settings.reference)
    codes = None if wanted is None else [each.code for each in wanted]
    with _opened(version, settings) as connection:
        found = rows.by_community(connection, form, access.maskings, as_of, codes)
        if wanted is None:
            for code, lines in found:
                yield Page(form, known[code], tuple(lines), access, version, as_of)
            return
        held = dict(found)
        for place in wanted:
            yield Page(form, place, tuple(held.get(place.code, ())), access, version, as_of)


def _write(settings: Settings, shown: Page, folder: Path) -> Made:
    with files.storage(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / shown.file_name
    with files.new_file(target) as draft:
        write = template.write if shown.form.template else workbook.write
        count = write(shown, draft, settings)
    return Made(shown.form.id, shown.community.code, target, count, shown.access.receipt)


@contextmanager
def _opened(version: Version, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published version; what DuckDB says of a damaged one may quote values, so it goes no further."""
    try:
        with connect(version.database, settings=settings, read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise IntegrityError(
            f"当前版本的数据库读不出来（{type(error).__name__}）",
            where=str(version.folder),
            cure="运行 jiceng sync 重新发布，或从备份恢复",
        ) from None
