"""Writing the pages and reports where people open them: `pages/` and `reports/<month>/` of the home."""

from collections.abc import Collection
from datetime import date
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.quality.history import History
from jiceng_pipeline.quality.pages import dashboard, month, month_page, month_workbook, rule_page
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect


def pages(settings: Settings) -> Path:
    """Return the folder of the pages."""
    return settings.home / "pages"


def write_dashboard(settings: Settings, known: History) -> Path:
    """Write the dashboard and return its path."""
    path = pages(settings) / "dashboard.html"
    files.write_text(path, dashboard.page(known.days))
    return path


def write_rules(settings: Settings, known: History) -> Path:
    """Write a page a rule and the page that lists them; return the latter's path."""
    folder, days = pages(settings) / "rules", known.days
    for rule in rules().values():
        files.write_text(folder / f"{rule.id}.html", rule_page.page(rule, days))
    for page in folder.glob("*.html"):
        if page.stem not in {*rules(), "index"}:
            page.unlink()
    index = folder / "index.html"
    files.write_text(index, rule_page.index(list(rules().values()), days))
    return index


def write_reports(settings: Settings, known: History, when: date, systems: Collection[str] | None = None) -> list[Path]:
    """Write the report of the month `when` lies in, page and workbook, for these systems or all; return the paths."""
    every = _tickets(settings)
    folder = settings.home / "reports" / f"{when:%Y-%m}"
    found = []
    for name, contract in contracts().items():
        if systems is None or name in systems:
            told = month.read(settings, contract, when, known, every)
            page = folder / f"{contract.table}.html"
            files.write_text(page, month_page.page(told))
            with files.new_file(page.with_suffix(".xlsx"), mode=0o666) as draft:
                month_workbook.write(told, draft)
            found += [page, page.with_suffix(".xlsx")]
    return found


def _tickets(settings: Settings) -> month.Tickets:
    version = publish.current(settings)
    if version is None:
        return []
    with connect(version.database, settings=settings, read_only=True) as connection:
        return month.tickets(connection)
