"""Hand out forms (预填): leave is written down first, the row set is read once, each community gets a file."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.clock import business_date
from jiceng_pipeline.core.errors import IntegrityError, JicengError, NothingPublished, StorageFailure
from jiceng_pipeline.core.progress import Step, report
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import admission, definition, rows, template, workbook
from jiceng_pipeline.forms.definition import PLACE, Form
from jiceng_pipeline.forms.page import Page
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns import communities, grants
from jiceng_pipeline.returns.access import Access, authorise, failed, served
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version

ACTION = "form"
_MEMORY = "192MB"  # of the database in each process that makes files; a part of a form of a district fits into it


@dataclass(frozen=True)
class Made:
    """A file that was handed out. `receipt` names the audit event."""

    form: str
    community: str
    path: Path
    rows: int
    receipt: str


def page(
    settings: Settings,
    *,
    actor: str,
    form: str,
    community: str,
    profile: str = "full",
    purpose: str | None = None,
    channel: Channel = "page",
) -> Page:
    """Return one community's form as data, for a page on the screen; its purpose is the form's unless one is given.

    Raise UsageError for a form that is not on the list, AccessDenied where no grant covers it.
    """
    with _given(settings, actor, form, community, profile, purpose, channel) as (ledger, access, pages):
        shown = next(pages)
        served(ledger, access, len(shown.rows), [row.entity_id for row in shown.rows])
        return shown


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
    with _given(settings, actor, form, community, profile, purpose, "download") as (ledger, _, pages):
        shown = next(pages)
        return _write(settings, ledger, shown, folder or settings.home / "forms" / shown.community.code)


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
    made: dict[str, list[Made]] = {}
    with ProcessPoolExecutor(settings.threads, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_every, task): task.form for task in tasks}
        for done in as_completed(running):
            made[running[done]] = written = done.result()
            rows = sum(each.rows for each in written)
            report(Step("forms", definition.find(running[done]).title, rows, len(made), len(tasks)))
    return [each for form in chosen for each in made[form.id]]


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
    settings = replace(task.settings, threads=1, memory_limit=_MEMORY)
    with _given(settings, task.actor, task.form, task.scope, task.profile, task.purpose, "download") as (
        ledger,
        _,
        pages,
    ):
        return [_write(settings, ledger, shown, task.folder / shown.community.code) for shown in pages]


@contextmanager
def _given(
    settings: Settings, actor: str, form: str, scope: str, profile: str, purpose: str | None, channel: Channel
) -> Iterator[tuple[Ledger, Access, Iterator[Page]]]:
    """Ask leave, then yield the ledger, the leave, and the pages; what fails after that is written down as well."""
    wanted = definition.find(form)
    place = None if scope == grants.EVERYTHING else communities.find(settings, scope)
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有可以填表的版本", where=str(settings.published), cure="先运行 jiceng sync")
    as_of = str(version.manifest["inputs"]["business_date"])
    with open_ledger(settings) as ledger:
        admission.require(ledger, wanted, business_date(settings))
        access = authorise(
            ledger, actor, wanted.dataset, place.code if place else scope, profile, purpose or wanted.purpose,
            action=ACTION, version=version.name, as_of=as_of, channel=channel,
        )  # fmt: skip
        try:
            with _opened(version, settings) as connection:
                yield ledger, access, _pages(settings, connection, wanted, version, access, as_of)
        except BaseException:
            with suppress(JicengError):
                failed(ledger, access)
            raise


def _pages(
    settings: Settings, connection: duckdb.DuckDBPyConnection, form: Form, version: Version, access: Access, as_of: str
) -> Iterator[Page]:
    """Yield a page for each community with rows; of one community also where it has none."""
    known = communities.places(settings.reference)
    found = rows.by_community(connection, form, access.maskings, as_of, access.where(PLACE))
    none = True
    for code, lines in found:
        none = False
        yield Page(form, known[code], tuple(lines), access, version, as_of)
    if none and access.scope in known and known[access.scope].is_community:
        yield Page(form, known[access.scope], (), access, version, as_of)


def _write(settings: Settings, ledger: Ledger, shown: Page, folder: Path) -> Made:
    """Write one file; it stays only where the ledger says how many rows were handed out."""
    with files.storage(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / shown.file_name
    with files.new_file(target) as draft:
        write = template.write if shown.form.template else workbook.write
        count = write(shown, draft, settings)
        served(ledger, shown.access, count)
    return Made(shown.form.id, shown.community.code, target, count, shown.access.receipt)


@contextmanager
def _opened(version: Version, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published version; what DuckDB says of a damaged one may quote values, so it goes no further."""
    try:
        with (
            TemporaryDirectory(prefix=".forms.", dir=settings.home) as spilled,
            connect(version.database, settings=settings, read_only=True) as connection,
        ):
            # of its own: several processes read the version at once, and each clears the folder it spilled into
            connection.execute(f"set temp_directory = {literal(spilled)}")
            connection.execute("set enable_progress_bar = false")
            yield connection
    except duckdb.OutOfMemoryException:
        raise StorageFailure(
            "内存不够，这张表没有做完",
            where=str(version.folder),
            cure="一次少做几个社区，或者用 JICENG_MEMORY 放宽内存后再做",
        ) from None
    except duckdb.Error as error:
        raise IntegrityError(
            f"当前版本的数据库读不出来（{type(error).__name__}）",
            where=str(version.folder),
            cure="运行 jiceng sync 重新发布，或从备份恢复",
        ) from None
