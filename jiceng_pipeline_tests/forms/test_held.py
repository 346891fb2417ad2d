"""What holds of a cell and what was said of it since its form was handed out, over versions that come and go."""

import json
import shutil
from datetime import date

import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.forms import intake, prefill, readback
from jiceng_pipeline.forms.intake import Said
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.forms.conftest import VISIT
from jiceng_pipeline_tests.forms.sheets import FIRST, body, opened

ALONE, NEED, PHONE, VISITED = "实际独居", "照护需求", "联系电话", "最近走访日期"


def taken(settings):
    with open_ledger(settings) as ledger:
        return [
            (entry.body.element_id, entry.body.value, entry.body.collected_date)
            for entry in views.entries(ledger, Intake)
        ]


def fates(report, row, *titles):
    found = {cell.title: cell.fate for cell in report.cells if cell.row == row - 1}
    return [found[title] for title in titles]


def download(settings, community, folder):
    return prefill.make(settings, actor="operator", form=VISIT, community=community, folder=folder).path


def answer(path, whom=None, **said):
    """Type answers into somebody's row, by default the first that asks for all of them; return whose, and the row."""
    with opened(path) as (sheet, at):
        rows = {cells[0]: FIRST + number for number, cells in enumerate(body(sheet))}
        asked = (who for who, row in rows.items() if not any(sheet.cell(row, at[t]).protection.locked for t in said))
        whom = whom or next(asked)
        for title, text in said.items():
            sheet.cell(rows[whom], at[title]).value = text
    return whom, rows[whom]


def publish_again(settings, entity_id, **values):
    """Publish a version more, with the ledger up to now and other values of one resident."""
    place = settings.published
    if place.is_symlink():
        shared = place.resolve()
        place.unlink()
        shutil.copytree(shared, place, symlinks=True)
    served = publish.current(settings)
    later = place / f"20991231T000000.000000Z-{len(publish.versions(settings)):012x}"
    shutil.copytree(served.folder, later)
    with open_ledger(settings) as ledger:
        manifest = dict(served.manifest, inputs=dict(served.manifest["inputs"], ledger_seq=ledger.head().seq))
    (later / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with connect(later / served.database.name, settings=settings) as connection:
        _replace(connection, entity_id, values)
    (place / "current").unlink()
    (place / "current").symlink_to(later.name)
    return served.name


def _replace(connection, entity_id, values):
    connection.execute("alter view matching.resident_golden rename to resident_golden_before")
    known = {name for name, *_ in connection.execute("describe matching.resident_golden_before").fetchall()}
    said = {name: literal(str(value)) for name, value in values.items()}
    told = [
        f"case when entity_id = {literal(entity_id)} then cast({said[each]} as {register.element(each).sql_type})"
        f" {'else ' + each if each in known else ''} end as {each}"
        for each in values
    ]
    without = f" exclude ({', '.join(known & set(values))})" if known & set(values) else ""
    connection.execute(
        f"create view matching.resident_golden as select {', '.join([f'*{without}', *told])} "
        "from matching.resident_golden_before"
    )


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_late_form_does_not_overwrite_what_came_since(sent, is_gone):
    settings, _, path = sent
    whom, row = answer(path, **{ALONE: "否", NEED: "助餐", PHONE: "13900001111"})
    base = publish_again(settings, whom, is_actually_living_alone=True, phone="13900002222")
    if is_gone:
        shutil.rmtree(settings.published / base)
    report = readback.read(settings, "operator", path)
    assert fates(report, row, ALONE, PHONE, NEED) == ["conflict", "conflict", "accepted"]
    assert [element for element, *_ in taken(settings)] == ["care_need_code"]


def test_a_late_form_whose_version_is_gone_changes_nothing_where_nothing_came_since(sent):
    settings, _, path = sent
    with opened(path) as (sheet, at):
        rows = body(sheet)
        for number in range(len(rows)):
            sheet.cell(FIRST + number, at[PHONE]).value = f"139{number:08d}"
            sheet.cell(FIRST + number, at["核实情况"]).value = "核实无误"
    shutil.rmtree(settings.published / publish_again(settings, rows[0][0]))
    report = readback.read(settings, "operator", path)
    assert report.counts["conflict"] == 0
    assert report.counts["accepted"] > 0 and report.counts["verified"] > 0


def test_what_a_department_replaced_may_be_said_again(sent, tmp_path):
    settings, community, path = sent
    whom, _ = answer(path, **{PHONE: "13900001111"})
    readback.read(settings, "operator", path)
    publish_again(settings, whom, phone="13900002222")
    again = download(settings, community, tmp_path / "again")
    _, row = answer(again, whom, **{PHONE: "13900001111"})
    assert fates(readback.read(settings, "operator", again), row, PHONE) == ["accepted"]
    assert fates(readback.read(settings, "operator", again), row, PHONE) == ["unchanged"]
    assert len(taken(settings)) == 2


@pytest.mark.parametrize("written", [{}, {VISITED: "2026/10/5"}])
def test_an_earlier_visit_is_not_the_day_of_what_is_said_now(sent, tmp_path, written):
    settings, community, path = sent
    whom, _ = answer(path, **{VISITED: "2026-10-05"})
    publish_again(settings, whom, visit_date=date(2026, 10, 5))
    again = download(settings, community, tmp_path / "again")
    answer(again, whom, **{NEED: "助餐", **written})
    readback.read(settings, "operator", again)
    assert taken(settings) == [("care_need_code", "2", clock.business_date(settings))]


def test_ones_own_slip_is_put_right_in_a_form_downloaded_anew(sent, tmp_path):
    settings, community, path = sent
    whom, _ = answer(path, **{ALONE: "是"})
    readback.read(settings, "operator", path)
    again = download(settings, community, tmp_path / "again")
    _, row = answer(again, whom, **{ALONE: "否"})
    assert fates(readback.read(settings, "operator", again), row, ALONE) == ["accepted"]
    assert [value for _, value, _ in taken(settings)] == ["true", "false"]
    with (
        open_ledger(settings) as ledger,
        connect(publish.find(settings).database, settings=settings, read_only=True) as c,
    ):
        known = intake.known(c, settings, "resident", [whom])[whom]
        told = [Said(known, "is_actually_living_alone", "true")]
        intake.take(ledger, "neighbour", told, community=community, day=clock.business_date(settings), source="form:x")
    later = download(settings, community, tmp_path / "later")
    _, row = answer(later, whom, **{ALONE: "否"})
    assert fates(readback.read(settings, "operator", later), row, ALONE) == ["conflict"]
