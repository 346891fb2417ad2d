"""Reading a form back (回收): a workbook in, a report out, every cell accepted or rejected with a reason.

Nothing is taken silently and nothing is lost silently: what was typed into a locked cell is listed, what somebody
else has said meanwhile is shown beside it, who is missing is told, the same file again changes nothing.
"""

from datetime import date
from hashlib import file_digest
from pathlib import Path

from jiceng_pipeline.core.errors import NothingPublished, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import definition, hostile, intake, returned_sheet, sheet_key
from jiceng_pipeline.forms.definition import Form
from jiceng_pipeline.forms.judged_rows import Judge
from jiceng_pipeline.forms.report import Report
from jiceng_pipeline.forms.sheet_key import Hasher, SheetKey
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.submission import Submission
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns.access import permit
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

ACT = "fill_form"


def read(settings: Settings, actor: str, path: Path, *, try_only: bool = False) -> Report:
    """Read one workbook and write down what is accepted; `try_only` tells what would become of it, no more.

    Raise UsageError for a file that is refused or is no form of ours, AccessDenied for who may not fill it.
    """
    sheets = hostile.sheets(path)
    key = sheet_key.read(returned_sheet.hidden(sheets), settings, path.name)
    form = _form(key, path)
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有可用的版本", where=path.name, cure="先运行 jiceng sync")
    body = returned_sheet.find(sheets, key, Hasher(settings), form.totals)
    # what is written is judged by what was said before: of two who read one file the second finds it said
    with open_ledger(settings) as ledger, ledger.alone():
        permit(ledger, actor, ACT, scope=key.community)
        with connect(version.database, settings=settings, read_only=True) as connection:
            judge = Judge(settings, connection, ledger, form, key)
            judged = judge.judge(body)
            content = _content(path)
            is_repeat = any(entry.body.content == content for entry in _earlier(ledger, form, key))
            sent: dict[str, int] = {}
            receipt = ""
            if not try_only:
                for day, said in judged.said:
                    for taken in intake.take(
                        ledger, actor, said, community=key.community, day=day, source=f"form:{form.id}",
                        base_version=key.version,
                    ):  # fmt: skip
                        for system in taken.systems:
                            sent[system] = sent.get(system, 0) + 1
                receipt = _submitted(ledger, actor, key, content, len(body.rows), judged.counts)
    return Report(
        form=form.id,
        title=form.title,
        community=key.community,
        file=path.name,
        receipt=receipt,
        is_repeat=is_repeat,
        rows=len(body.rows),
        rows_new=judged.new,
        rows_missing=len(body.missing),
        cells=tuple(judged.cells),
        notes=tuple(judged.notes),
        systems=sent,
    )


def _form(key: SheetKey, path: Path) -> Form:
    try:
        form = definition.find(key.form)
    except UsageError:
        raise UsageError("这张表已经停用", where=path.name, cure="请向要表的部门核实，或重新下载现行的表") from None
    if tuple(each.element for each in key.columns) != tuple(each.element for each in form.columns):
        raise UsageError("这张表改过版，列不一样了", where=path.name, cure="请重新下载这张表，把填的内容抄过去")
    return form


def _content(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _earlier(ledger: Ledger, form: Form, key: SheetKey) -> list[views.Entry[Submission]]:
    return [views.typed(event, Submission) for event in ledger.on("submission", f"{form.id}:{key.community}")]


def _submitted(ledger: Ledger, actor: str, key: SheetKey, content: str, rows: int, counts: dict[str, int]) -> str:
    body = Submission(
        form=key.form,
        form_version=key.form_version,
        scope=key.community,
        version=key.version,
        content=content,
        rows=rows,
        counts=counts,
        period_date=date.fromisoformat(key.made_date),
    )
    return ledger.append("submission", body.subject, body, actor).receipt
