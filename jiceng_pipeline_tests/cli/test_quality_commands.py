"""`jiceng ticket`, `jiceng dispute`, `jiceng report`: what they print, what they write, what they refuse."""

import json
from datetime import datetime, timedelta

import pytest

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

BELIEVED = "13987654321"


@pytest.fixture
def person(synced_copy):
    with connect(publish.current(synced_copy).database, settings=synced_copy, read_only=True) as connection:
        return connection.execute(
            """select resident_id, community_code from governance.resident
            where phone is not null and community_code is not null order by resident_id limit 1"""
        ).fetchall()[0]


def test_tickets_are_listed_by_system_state_and_date(jiceng):
    code, out, _ = jiceng("ticket", "list", "--json")
    every = json.loads(out)
    assert code == 0 and every
    system = every[0]["system"]
    own = json.loads(jiceng("ticket", "list", "--system", system, "--json")[1])
    assert own == [ticket for ticket in every if ticket["system"] == system]
    assert json.loads(jiceng("ticket", "list", "--overdue", "--json")[1]) == []
    assert json.loads(jiceng("ticket", "list", "--state", "closed", "--json")[1]) == []
    code, out, _ = jiceng("status", "--tickets")
    assert code == 0 and "问题单" in out


def test_an_answer_is_recorded_and_shown_at_once(jiceng):
    ticket = json.loads(jiceng("ticket", "list", "--json")[1])[0]["ticket_id"]
    code, out, _ = jiceng("ticket", "answer", ticket, "--verdict", "not_error", "--text", "依据文件第三条")
    assert code == 0 and "回执号" in out
    shown = json.loads(jiceng("ticket", "show", ticket[:12], "--json")[1])
    assert (shown["state"], shown["answer"]) == ("answered", "not_error")
    assert [line["what"] for line in shown["history"]] == ["开出", "operator 答复：不是错误。依据文件第三条"]


def test_an_answer_given_while_the_version_was_being_made_is_shown(jiceng, synced_copy, monkeypatch):
    """The version read the ledger before; and the day of an answer is the day in China."""
    made = datetime.fromisoformat(publish.current(synced_copy).manifest["created"]).astimezone(LOCAL)
    morning = (made - timedelta(days=1)).replace(hour=7, minute=30)  # in UTC still the evening before
    monkeypatch.setenv("JICENG_NOW", morning.isoformat())
    ticket = json.loads(jiceng("ticket", "list", "--json")[1])[0]["ticket_id"]
    jiceng("ticket", "answer", ticket, "--verdict", "corrected", "--text", "已改正")
    shown = json.loads(jiceng("ticket", "show", ticket, "--json")[1])
    assert (shown["state"], shown["answered_date"]) == ("answered", morning.date().isoformat())
    assert shown["history"][-1]["at"] == morning.isoformat()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ticket", "show", "ffffffffffffffff"), "没有这张问题单"),
        (("ticket", "show", "a"), "没有这张问题单"),
        (("dispute", "decide", "ffff", "--verdict", "upheld", "--reason", "x"), "没有这件待处理的异议"),
        (("report", "--system", "no/such"), "没有系统 no/such"),
        (("report", "--month", "2026"), "不是月份"),
        (("report", "--month", "9999-12"), "没有这个月的报告"),
        (("report", "--month", "0001-01"), "没有这个月的报告"),
    ],
)
def test_what_is_not_there_is_said(jiceng, arguments, said):
    code, _, err = jiceng(*arguments)
    assert code == 2
    assert said in err or "编号不够长" in err


def test_a_value_is_doubted_listed_and_decided(jiceng, synced_copy, person):
    resident, community = person
    about = (resident, "--element", "phone", "--community", community, "--basis", "入户核对", "--believed", BELIEVED)
    code, out, _ = jiceng("dispute", "open", *about)
    assert code == 0 and "存疑" in out and BELIEVED not in out
    (doubt,) = json.loads(jiceng("dispute", "list", "--json")[1])
    assert (doubt["entity_id"], doubt["element_id"], doubt["state"]) == (resident, "phone", "open")
    assert doubt["systems"] and doubt["record_id"]
    assert BELIEVED not in str(doubt)
    code, _, _ = jiceng("dispute", "decide", doubt["dispute_id"], "--verdict", "upheld", "--reason", "源系统已改")
    assert code == 0
    assert json.loads(jiceng("dispute", "list", "--json")[1]) == []
    with open_ledger(synced_copy) as ledger:
        assert [event.kind for event in ledger.events() if event.subject == f"resident:{resident}:phone"] == [
            "dispute", "dispute_decision",
        ]  # fmt: skip


def test_only_whose_post_covers_the_community_may_doubt(jiceng, person):
    resident, community = person
    about = ("--element", "phone", "--basis", "x", "--believed", "")
    code, _, err = jiceng("dispute", "open", resident, *about, "--community", community, "--as", "stranger")
    assert code == 2 and "没有做这件事的岗位" in err
    code, _, err = jiceng("dispute", "open", resident, *about, "--community", "320613999999")
    assert code == 2 and "这个社区没有这个对象" in err
    code, _, err = jiceng("dispute", "open", resident, "--element", "no_such", *about[2:], "--community", community)
    assert code == 2 and "no_such" in err


def test_a_report_can_be_written_for_one_system_and_month(jiceng, synced_copy):
    code, out, _ = jiceng("report", "--system", "public_security/household_register", "--month", "2026-10", "--json")
    assert code == 0
    folder = synced_copy.home / "reports" / "2026-10"
    assert json.loads(out) == [str(folder / f"public_security__household_register.{kind}") for kind in ("html", "xlsx")]
    assert len(list(folder.iterdir())) == 2
