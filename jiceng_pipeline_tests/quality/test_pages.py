"""Pages and monthly reports: readable, whole without a script or anything from elsewhere, without a value."""

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta

import lxml.html
import openpyxl
import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import outcome
from jiceng_pipeline.landing.outcome import Outcome
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.ticket_answer import TicketAnswer
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.pages import document, month, month_tables, plot, site
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.quality.defects import DEFECTS
from jiceng_pipeline_tests.quality.test_life import RIGHT_SEX, Days
from jiceng_pipeline_tests.quality.world import CANARIES, DAY, HEALTH, POLICE, RELIEF

CHOSEN = ("sex_agrees_with_id", "resident_record_named", "delivery_fresh")


@pytest.fixture(scope="module")
def written(clean_build, tmp_path_factory):
    """Return the folder of a home that saw three days, a failure and a refused delivery."""
    home = tmp_path_factory.mktemp("pages")
    shutil.copyfile(clean_build, home / "build.duckdb")
    settings = Settings(home=home, business_date=DAY)
    with connect(home / "build.duckdb", settings=settings) as build:
        three_days(build, settings)
    publish.publish(settings, home / "build.duckdb", {"inputs": {}, "summary": {}})
    error = {
        "kind": "SourceRejected", "what": "缺少列 身份证号", "where": "台账.xlsx 第 3 行", "cure": "请恢复约定的列名",
    }  # fmt: skip
    for number, status in enumerate(("landed", "failed")):
        day = DAY + timedelta(days=number)
        told = Outcome(RELIEF, f"{day}T01:00:00+00:00", "", status, "s", 40, 39, 1, error=error if number else None)
        outcome.write(settings, contracts()[RELIEF], f"{day:%Y%m%d}T010000.000000Z", told)
    later = replace(settings, business_date=DAY + timedelta(days=2))
    known = history.read(later)
    site.write_dashboard(later, known)
    site.write_rules(later, known)
    site.write_reports(later, known, DAY)
    return home


def three_days(build, settings):
    days = Days(build, settings, *CHOSEN)
    days.on(0, DEFECTS["sex_agrees_with_id"][0], DEFECTS["resident_record_named"][0])
    failed = f"""update landing.outcome set status = 'failed', is_stale = true, error_kind = 'SourceRejected',
        error_what = '缺少列 身份证号', error_where = '台账.xlsx 第 3 行' where system = '{RELIEF}'"""
    days.on(1, failed)
    days.on(2, "update standard.resident_record set name = '甲' where name is null", pulled=[POLICE])


def pages(home):
    return [*sorted((home / "pages").rglob("*.html")), *sorted((home / "reports").rglob("*.html"))]


def workbook(home, system):
    return openpyxl.load_workbook(home / "reports" / "2026-11" / f"{system.replace('/', '__')}.xlsx")


def test_every_rule_and_every_system_has_its_page(written):
    names = {path.stem for path in (written / "pages" / "rules").iterdir()}
    assert names == {*rules(), "index"}
    reports = {path.name for path in (written / "reports" / "2026-11").iterdir()}
    assert reports == {f"{each.table}.{kind}" for each in contracts().values() for kind in ("html", "xlsx")}


def test_every_page_is_whole_by_itself_and_has_what_a_reader_of_screens_needs(written):
    for path in pages(written):
        text = path.read_text("utf-8")
        tree = lxml.html.document_fromstring(text)
        assert tree.get("lang") == "zh-CN"
        assert len(tree.findall(".//h1")) == len(tree.findall(".//main")) == len(tree.findall(".//title")[:1]) == 1
        assert not re.search(r"<script|<link|https?://(?!www\.w3\.org/2000/svg)|@import|url\(", text), path
        for table in tree.iter("table"):
            assert table.find("caption") is not None
            assert all(cell.get("scope") == "col" for cell in table.iter("th"))
        for image in tree.iter("svg"):
            assert image.get("role") == "img"
            assert image.find("title").text and image.find("desc").text
            assert image.getparent().getnext().tag == "table", "the numbers stand beneath"
        for anchor in tree.iter("a"):
            assert (path.parent / anchor.get("href")).resolve().is_file(), (path, anchor.get("href"))


def test_no_page_and_no_workbook_holds_a_value(written):
    for path in pages(written):
        assert [canary for canary in CANARIES if canary in path.read_text("utf-8")] == []
    for contract in contracts().values():
        cells = str([[c.value for c in row] for sheet in workbook(written, contract.name) for row in sheet.iter_rows()])
        assert [canary for canary in CANARIES if canary in cells] == []


def test_a_rules_page_tells_its_trend_and_its_owners(written):
    text = (written / "pages" / "rules" / "resident_record_named.html").read_text("utf-8")
    shown = lxml.html.document_fromstring(text).text_content()
    assert rules()["resident_record_named"].meaning in shown
    assert "从 1 行到 0 行" in shown
    owner = lxml.html.document_fromstring(
        (written / "pages" / "rules" / "sex_agrees_with_id.html").read_text("utf-8")
    ).text_content()
    assert contracts()[POLICE].owner.name in owner


def test_the_dashboard_tells_of_every_system(written):
    shown = lxml.html.document_fromstring((written / "pages" / "dashboard.html").read_text("utf-8")).text_content()
    assert all(each.title in shown for each in contracts().values())
    assert "没有送达" in shown


def test_a_report_says_what_to_do(written):
    folder = written / "reports" / "2026-11"
    relief = (folder / "civil_affairs__subsistence_allowance.html").read_text("utf-8")
    assert "最近一次没有送达：缺少列 身份证号（台账.xlsx 第 3 行）。请恢复约定的列名" in relief
    police = lxml.html.document_fromstring(
        (folder / "public_security__household_register.html").read_text("utf-8")
    ).text_content()
    assert "household_register.src" in police
    assert "要做的事" in police


def test_a_system_that_sent_nothing_has_its_report_too(written):
    (never,) = [each for each in contracts().values() if each.name == HEALTH]
    text = (written / "reports" / "2026-11" / f"{never.table}.html").read_text("utf-8")
    assert "本月一次也没有拉取过" in text
    assert workbook(written, HEALTH)["每天送数"]["A2"].value == "本月没有拉取过"


def test_the_workbook_keeps_text_as_text_and_numbers_as_numbers(written):
    book = workbook(written, POLICE)
    assert [sheet.title for sheet in book] == [
        "摘要", "每天的数", "每天送数", "隔离的内容", "没有通过的规则", "问题单办理", "未办结的问题单",
    ]  # fmt: skip
    row = list(book["未办结的问题单"][2])
    assert re.fullmatch("[0-9a-f]{16}", row[0].value)
    assert (row[0].data_type, row[3].data_type) == ("s", "n")
    assert len(book["每天的数"]._charts) == 2


def test_a_month_that_is_over_tells_how_it_ended(build, settings):
    """Due in the month and mended in the next: overdue at its end, whatever became of it; nor does a return count."""
    days = Days(build, settings, "sex_agrees_with_id")
    wrong, right = DEFECTS["sex_agrees_with_id"][0], RIGHT_SEX
    (opened,) = days.on(-15, wrong)
    days.on(16, right, pulled=[POLICE])

    def month_of(day, today):
        later = replace(settings, business_date=DAY + timedelta(days=today))
        known = history.read(later)
        return month.read(later, contracts()[opened["system"]], day, known, month.tickets(build))

    def told(seen):
        return [(each["ticket_id"], each["state"]) for each in seen.standing], len(seen.overdue)

    november, december = DAY, DAY + timedelta(days=10)
    assert told(month_of(november, 16)) == ([(opened["ticket_id"], "open")], 1)
    assert month_of(december, 60).turns.closed == 1
    days.on(60, wrong, pulled=[POLICE])  # it comes back in the new year
    assert told(month_of(november, 60)) == ([(opened["ticket_id"], "open")], 1)
    assert told(month_of(december, 60)) == ([], 0)
    assert told(month_of(DAY + timedelta(days=60), 60)) == ([(opened["ticket_id"], "reopened")], 0)
    assert month_of(december, 60).turns.closed == 1, "it was, whatever came afterwards"


def test_what_was_closed_and_came_back_in_one_month_counts_among_either(build, settings):
    days = Days(build, settings, "sex_agrees_with_id")
    wrong, right = DEFECTS["sex_agrees_with_id"][0], RIGHT_SEX
    (opened,) = days.on(-15, wrong)
    with open_ledger(settings) as ledger:
        body = TicketAnswer(ticket_id=opened["ticket_id"], verdict="corrected", text="已在系统中改正")
        ledger.append("ticket_answer", opened["ticket_id"], body, "clerk")
        (said,) = views.entries(ledger, TicketAnswer)
    days.on(-10, right, pulled=[POLICE])
    days.on(-5, wrong, pulled=[POLICE])
    known, month_of = history.read(settings), said.at.astimezone(clock.LOCAL).date()
    every = [
        month.read(
            replace(settings, business_date=day), contracts()[opened["system"]], day, known, month.tickets(build)
        )
        for day in (DAY, month_of)
    ]
    turns = every[0].turns
    assert (turns.opened, turns.closed, turns.reopened) == (1, 1, 1)
    assert turns.opened + turns.reopened - turns.closed == len(every[0].standing)
    assert every[1].turns.answered == 1


def test_a_day_on_which_something_came_is_one_whatever_failed_later(settings):
    contract = contracts()[RELIEF]
    for hour, status in (("01", "landed"), ("10", "failed")):
        error = {"kind": "SourceUnreachable", "what": "连不上", "where": RELIEF, "cure": "再试"}
        told = Outcome(
            RELIEF, f"{DAY}T{hour}:00:00+00:00", "", status, "s", error=error if status == "failed" else None
        )
        outcome.write(settings, contract, f"{DAY:%Y%m%d}T{hour}0000.000000Z", told)
    seen = month.read(settings, contract, DAY, history.read(settings), [])
    assert dict(month_tables.facts(seen))["送达天数"] == 1
    assert dict(month_tables.facts(seen))["没有送达的天数"] == 0
    assert "最近一次没有送达" in month_tables.to_do(seen)[0]


def test_a_month_nobody_saw_has_a_report(settings):
    written = site.write_reports(settings, history.read(settings), date(2020, 2, 1), [RELIEF])
    assert [path.parent.name for path in written] == ["2020-02"] * 2
    assert "还没有" in written[0].read_text("utf-8")


def test_what_a_page_is_given_is_escaped():
    page = document.page("<b>", [document.table("&", ("<i>",), [("<script>",)]), document.paragraph("a<b")])
    assert "<script>" not in page and "&lt;script&gt;" in page and "a&lt;b" in page


def test_a_plot_shows_gaps_and_differs_by_more_than_colour():
    svg = plot.svg("甲", "乙", ["1", "2", "3"], {"一": [1, None, 3], "二": [200, 100, 0]})
    assert svg.count("<circle") == 2 and svg.count("<rect") == 3
    assert 'stroke-dasharray="7 4"' in svg
    assert plot.lines("甲", "乙", [], {}) == "<p>甲：还没有数据</p>"
