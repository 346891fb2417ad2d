"""我在 X 村，办 Y, on the synced community: answered with leave, on one page, naming nobody."""

import json
import re
import zlib
from datetime import datetime

import pytest
from openpyxl import load_workbook

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.services import catalogue, desk, sheet
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

COMMUNITY, TUESDAY = "320613005001", datetime(2026, 11, 24, 10, tzinfo=LOCAL)


@pytest.fixture(scope="module")
def resident(synced):
    """Return somebody who is old, has the allowance, and whose door has coordinates."""
    with connect(publish.current(synced).database, settings=synced, read_only=True) as connection:
        return connection.execute(
            """select resident_id, name, citizen_id from governance.resident
            join governance.residence using (resident_id) join governance.address_position using (address_id)
            where governance.resident.community_code = ? and elderly_allowance_monthly_cny is not null
                and residence_kind_code = '2' and citizen_id is not null and death_date is null
            order by resident_id limit 1""",
            [COMMUNITY],
        ).fetchall()[0]


def test_the_question_is_answered(synced):
    told = desk.ask(synced, "operator", "虹桥社区居委会", "尊老金", TUESDAY)
    assert told.community.code == COMMUNITY
    minutes = [stop.minutes for stop in told.stops]
    assert minutes == sorted(minutes)
    assert told.stops[0].name == "虹桥社区便民服务站"
    assert told.stops[0].grade == "代收"
    assert [need.name for need in told.brought] == ["社会保障卡或银行卡"]
    assert {need.name for need in told.spared} == {"居民身份证", "户口簿"}
    assert told.qualifies is None


def test_when_all_is_closed_it_says_when_that_ends(synced):
    midnight = datetime(2026, 11, 24, 23, tzinfo=LOCAL)
    told = desk.ask(synced, "operator", COMMUNITY, "elderly_allowance", midnight, only_open=True)
    assert "不开门" in told.note
    assert all(stop.opens > midnight and not stop.is_open for stop in told.stops)


def test_a_helper_needs_a_line_of_consent_and_leaves_it_in_the_audit(synced_copy, resident):
    who, name, number = resident
    with pytest.raises(UsageError, match="同意"):
        desk.ask(synced_copy, "operator", COMMUNITY, "elderly_allowance", TUESDAY, resident_id=who)
    consent = "本人口头同意，由社区代办"
    told = desk.ask(synced_copy, "operator", COMMUNITY, "elderly_allowance", TUESDAY, resident_id=who, consent=consent)
    assert told.qualifies is not None
    assert {need.name: need.holders for need in told.spared}["居民身份证"]
    with open_ledger(synced_copy) as ledger:
        body = next(json.loads(event.body) if isinstance(event.body, str) else event.body
                    for event in ledger.events("audit") if event.receipt == told.receipt)  # fmt: skip
    assert consent in body["purpose"]
    assert (body["dataset"], body["entity_id"], body["action"]) == ("service:elderly_allowance", who, "service")
    assert name not in str(body)
    assert name not in sheet.page(told)
    assert number not in sheet.page(told)


def test_who_has_no_leave_gets_no_answer(synced_copy, resident):
    with pytest.raises(AccessDenied):
        desk.ask(synced_copy, "stranger", COMMUNITY, "elderly_allowance", TUESDAY)
    with pytest.raises(AccessDenied):
        desk.survey(synced_copy, "stranger", "320613005")
    with pytest.raises(UsageError, match="没有这位居民"):
        desk.ask(synced_copy, "operator", "320613005002", "elderly_allowance", TUESDAY,
                 resident_id=resident[0], consent="本人同意")  # fmt: skip


@pytest.mark.parametrize("wanted", ["the longest", "elderly_allowance", "medical_expense_claim"])
def test_an_item_fits_on_one_sheet_of_a4_in_large_print(synced, tmp_path, wanted):
    longest = max(catalogue.items(synced).values(), key=sheet_text)
    path = tmp_path / "sheet.pdf"
    item = longest.id if wanted == "the longest" else wanted
    assert sheet.write(desk.ask(synced, "operator", COMMUNITY, item, TUESDAY), path) >= 18
    assert pages_of(path.read_bytes()) == [(595, 841)]  # points


def pages_of(pdf):
    """Return the width and height of every page; what says so lies compressed."""
    parts = re.findall(rb"/ObjStm.*?stream\n(.*?)\nendstream", pdf, re.DOTALL)
    told = b"".join(zlib.decompress(part) for part in parts)
    return [(int(wide), int(high)) for wide, high in re.findall(rb"/MediaBox ?\[0 0 (\d+)[\d.]* (\d+)", told)]


def sheet_text(item):
    return len(item.audience + "".join(each.name + each.paper for each in item.materials))


def test_the_list_of_a_region_is_written_as_a_workbook_and_as_json(synced_copy, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))
    for ending in ("json", "xlsx"):
        with pytest.raises(SystemExit) as stop:
            main(["service", "export", "--scope", "320613005", "--to", str(tmp_path / f"list.{ending}")])
        assert stop.value.code == 0
    told = json.loads((tmp_path / "list.json").read_text("utf-8"))
    assert len(told["items"]) == len(catalogue.items(synced_copy))
    allowance = next(each for each in told["items"] if each["code"] == "MZ-001")
    station = next(each for each in allowance["places"] if each["name"] == "虹桥社区便民服务站")
    assert (station["grade"], station["community_code"]) == ("代收", COMMUNITY)
    assert "周一" in station["hours"]
    card, booklet = (
        next(n for n in allowance["materials"] if n["name"].startswith(w)) for w in ("社会保障卡", "户口簿")
    )
    assert (card["is_brought"], booklet["is_brought"], bool(booklet["holders"])) == (True, False, True)
    book = load_workbook(tmp_path / "list.xlsx", read_only=True)
    assert book.sheetnames == ["事项", "网点", "材料"]
    rows = list(book["网点"].values)
    assert len(rows) - 1 == sum(len(each["places"]) for each in told["items"])
    assert ("MZ-001", "尊老金（高龄津贴）申领", "虹桥社区便民服务站") in {row[:3] for row in rows}
    with open_ledger(synced_copy) as ledger:
        assert [event.body["outcome"] for event in audits(ledger, "service:listing")] == ["granted", "served"] * 2
    with pytest.raises(AccessDenied):
        desk.listed(synced_copy, "stranger", "320613005")


def audits(ledger, dataset):
    return [event for event in ledger.events("audit") if event.body["dataset"] == dataset]


def test_a_survey_tells_no_small_number(synced):
    told = desk.survey(synced, "operator", "320613005")
    numbers = [number for share in told.shares for number in (share.people, share.within, share.unlocated)]
    assert {number for number in numbers if number} and all(number % 5 == 0 for number in numbers if number is not None)
    assert {share.area_code for share in told.shares} == {"320613005001", "320613005002", "320613005003"}


def test_a_drawing_has_no_door_and_says_what_it_shows(synced):
    drawn = desk.draw(synced, "operator", COMMUNITY)
    assert all(cell.people >= 10 and cell.people % 5 == 0 for cell in drawn.cells)
    svg = drawn.svg()
    assert "虹桥社区便民服务站" in svg
    assert svg.count("<rect") == len(drawn.cells) + 1


def test_more_points_are_suggested_where_they_help(synced):
    plan = desk.suggest(synced, "operator", "320613005", "marriage_registration", 3)
    gained = [each.gained for each in plan.suggestions]
    assert gained == sorted(gained, reverse=True)
    assert gained[0] >= 100
    assert plan.share_of_best >= 0.63
