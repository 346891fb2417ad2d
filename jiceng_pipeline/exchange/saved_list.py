"""Saved lists (自定义名单): a clerk chooses tags and columns, no SQL; who is on the list is asked each time."""

from collections.abc import Collection, Sequence

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange.light_app_page import PAGE_ROWS, Page, page
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.kinds.saved_list import SavedList
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns import access, communities, datasets
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.tags import tags

REGISTER = "resident_register"


def save(settings: Settings, ledger: Ledger, wanted: SavedList) -> Event:
    """Keep a list, or change the one of that title; raise UsageError for tags or columns there are not."""
    known = {code for code, tag in tags().items() if tag.of == "resident"}
    may = set(datasets.find(settings, REGISTER).columns)
    _known({*wanted.tags, *wanted.without}, known, "标签")
    _known(wanted.columns, may, "列")
    access.permit(ledger, wanted.account, "save_list", wanted.scope)
    return ledger.append("saved_list", wanted.subject, wanted, wanted.account)


def of(ledger: Ledger, account: str) -> Sequence[SavedList]:
    """Return the lists an account keeps, by title."""
    standing = views.standing(ledger, SavedList).values()
    mine = [each.body for each in standing if each.body.account == account and not each.body.is_removed]
    return sorted(mine, key=lambda each: each.title)


def open_list(
    settings: Settings, *, actor: str, title: str, purpose: str = "", limit: int = PAGE_ROWS, offset: int = 0,
    channel: Channel = "page",
) -> Page:  # fmt: skip
    """Return who is on a list now. That somebody has a tag is told by the list, so it is opened in full, for a purpose.

    Raise UsageError where the account keeps no such list, AccessDenied where nothing covers the register in full.
    """
    with open_ledger(settings) as ledger:
        found = next((each for each in of(ledger, actor) if each.title == title), None)
    if found is None:
        raise UsageError("没有保存过这个名单", where=f"名单 {title}", cure="先保存，或检查名称")
    columns = tuple(dict.fromkeys((*found.columns, "resident_id")))
    dataset = Dataset(
        REGISTER, found.title, f"自定义名单：{'、'.join(tags()[tag].title for tag in found.tags)}", columns,
        inputs=("tags",),
    )  # fmt: skip
    return page(
        settings, dataset, _select(found), communities.find(settings, found.scope), actor, "full",
        purpose or found.title, limit, offset, channel,
    )  # fmt: skip


def _select(found: SavedList) -> str:
    held = "string_split(coalesce(tags, ''), ',')"
    having = [f"list_contains({held}, {literal(tag)})" for tag in found.tags]
    lacking = [f"not list_contains({held}, {literal(tag)})" for tag in found.without]
    return f"(select * from returned.{REGISTER} where {' and '.join([*having, *lacking])})"


def _known(wanted: Collection[str], known: Collection[str], what: str) -> None:
    if unknown := sorted(set(wanted) - set(known)):
        raise UsageError(f"没有这个{what}", where=unknown[0], cure=f"可用：{'、'.join(sorted(known))}")
