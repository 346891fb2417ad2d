"""归集 (gathering): which villages of a township have returned a form, who is missing, and one report of them all.

What a township sends on is not a second copy of the villages' values: those are in the ledger. It is an event that
names the returns it stands on, and a workbook of counts: one row a village.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import xlsxwriter

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import definition
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.report import FATES
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.submission import Submission
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.ledger.views import Entry
from jiceng_pipeline.returns import communities
from jiceng_pipeline.returns.access import permit
from jiceng_pipeline.returns.communities import Place

ACT = "fill_form"
_HEADER = ("社区代码", "社区", "交回时间", "交回人", "人（户）数")


@dataclass(frozen=True)
class Return:
    """One place below and its last return in the period; None: it is missing."""

    place: Place
    last: Entry[Submission] | None


@dataclass(frozen=True)
class Gathered:
    """How a form stands in one division: its places below, and what was sent on of it."""

    form: str
    title: str
    scope: str
    since: date
    returns: tuple[Return, ...]
    sent: Entry[Submission] | None

    @property
    def missing(self) -> Sequence[Place]:
        """Return the places that have not returned it."""
        return [each.place for each in self.returns if each.last is None]

    @property
    def counts(self) -> Mapping[str, int]:
        """Return fate → cells over all returns."""
        found: Counter[str] = Counter()
        for each in self.returns:
            found.update(each.last.body.counts if each.last else {})
        return {fate: found[fate] for fate in FATES}

    @property
    def rows(self) -> int:
        """Return how many rows came back."""
        return sum(each.last.body.rows for each in self.returns if each.last)


def standing(settings: Settings, actor: str, form: str, scope: str) -> Gathered:
    """Return how a form stands in a division of 4, 6 or 9 digits, by the returns of the period that is gathered now.

    Of a county or city the places are its townships' communities too: what rolls up is what communities returned.
    Raise AccessDenied for who holds no post there.
    """
    wanted, place = definition.find(form), communities.find(settings, scope)
    with open_ledger(settings) as ledger:
        permit(ledger, actor, ACT if len(place.code) >= 9 else "give_task", scope=place.code)
        return _standing(settings, ledger, wanted, place)


def send(settings: Settings, actor: str, form: str, scope: str, folder: Path, *, with_missing: bool = False) -> Path:
    """Write one workbook of a township's returns and note that it was sent; return its path.

    Raise UsageError where villages are missing, unless it is to be sent without them.
    """
    wanted, place = definition.find(form), communities.find(settings, scope)
    if len(place.code) != 9:
        raise UsageError("只有乡镇（街道）归集上报", where=place.full_name, cure="写九位的乡镇街道代码或它的名称")
    with open_ledger(settings) as ledger:
        permit(ledger, actor, ACT, scope=place.code)
        told = _standing(settings, ledger, wanted, place)
        returned = [each.last for each in told.returns if each.last]
        if told.missing and not with_missing:
            names = "、".join(each.name for each in told.missing[:10])
            cure = "催办；确实交不了的，注明缺少后上报（--with-missing）"
            raise UsageError(f"还有 {len(told.missing)} 个社区没有交：{names}", where=place.full_name, cure=cure)
        if not returned:
            raise UsageError("一个社区都没有交", where=place.full_name, cure="先收社区的表")
        path = folder / f"{place.name}_{wanted.title}_归集_{clock.business_date(settings)}.xlsx"
        with files.new_file(path, mode=0o600) as draft:
            _write(told, draft)
            content = sha256(draft.read_bytes()).hexdigest()
        body = Submission(
            form=wanted.id,
            form_version=wanted.version,
            scope=place.code,
            level="township",
            version=returned[-1].body.version,
            content=content,
            rows=told.rows,
            counts={fate: count for fate, count in told.counts.items() if count},
            parts=tuple(each.receipt for each in returned),
            period_date=told.since,
        )
        ledger.append("submission", body.subject, body, actor)
    return path


def began(form: Form, day: date) -> date:
    """Return the first day of the period that `day` lies in; of a form that is asked once, long ago."""
    if form.period == "monthly":
        return day.replace(day=1)
    if form.period == "quarterly":
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    if form.period == "half_yearly":
        return date(day.year, 1 if day.month <= 6 else 7, 1)
    return date(day.year, 1, 1) if form.period == "yearly" else date.min


def _open(form: Form, day: date) -> date:
    """Return when the period began whose form may still come back on `day`."""
    return began(form, day - timedelta(days=form.due.day or 0))


def _period(form: Form, entry: Entry[Submission]) -> date:
    """Return when the period began that a return is of."""
    if form.due.day and entry.body.period_date:
        return began(form, entry.body.period_date)
    return _open(form, entry.at.astimezone(clock.LOCAL).date())


def _standing(settings: Settings, ledger: Ledger, form: Form, place: Place) -> Gathered:
    """Return how the period stands that may still come back, where anybody returned it, else that which runs."""
    returned: dict[date, dict[str, Entry[Submission]]] = {}
    for event in ledger.about("submission", f"{form.id}:{place.code}"):
        entry = views.typed(event, Submission)
        last = returned.setdefault(_period(form, entry), {})
        earlier = last.get(entry.body.scope)
        if earlier is None or earlier.body.content != entry.body.content:
            last[entry.body.scope] = entry
    day = clock.business_date(settings)
    since = _open(form, day) if _open(form, day) in returned else began(form, day)
    last = returned.get(since, {})
    every = communities.places(settings.reference).values()
    below = sorted((p for p in every if p.is_community and p.code.startswith(place.code)), key=lambda p: p.code)
    current = [each for each in below if communities.became(settings, each.code) == each.code]
    return Gathered(
        form.id,
        form.title,
        place.code,
        since,
        tuple(Return(each, last.get(each.code)) for each in current),
        last.get(place.code) if len(place.code) == 9 else None,
    )


def _write(told: Gathered, path: Path) -> None:
    """Write one row a village, what became of its cells, and the sum below."""
    fates = list(FATES.items())
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("归集")
        bold = book.add_format({"bold": True, "border": 1, "text_wrap": True})
        sheet.write_row(0, 0, [told.title, f"{told.since} 以来"])
        sheet.write_row(1, 0, [*_HEADER, *(words for _, words in fates)], bold)
        for number, each in enumerate(told.returns, 2):
            sheet.write_string(number, 0, each.place.code)
            sheet.write_string(number, 1, each.place.name)
            if each.last is None:
                sheet.write_string(number, 2, "没有交")
                continue
            sheet.write_string(number, 2, _minute(each.last.at))
            sheet.write_string(number, 3, each.last.actor)
            counts = each.last.body.counts
            sheet.write_row(number, 4, [each.last.body.rows, *(counts.get(fate, 0) for fate, _ in fates)])
        end = len(told.returns) + 2
        sheet.write_string(end, 1, "合计", bold)
        sheet.write_row(end, 4, [told.rows, *(told.counts[fate] for fate, _ in fates)], bold)
        sheet.set_column(0, 1, 16)
        sheet.freeze_panes(2, 2)
        sheet.fit_to_pages(1, 0)
        sheet.set_landscape()


def _minute(at: datetime) -> str:
    return at.astimezone(clock.LOCAL).strftime("%Y-%m-%d %H:%M")
