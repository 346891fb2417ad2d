"""Tasks down, results up; cases between a community and departments."""

import json
from datetime import date

import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.exchange import handover, instruction
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import communities

from .village import in_office

HERE, THERE, MERGED = "320613005001", "320613005002", "320613005019"  # THERE becomes MERGED on 4 December


def issued(settings, ledger, scope="*", due=date(2026, 11, 30)):
    return instruction.issue(
        settings, ledger, "operator", title="冬季走访", text="", scope=scope, due_date=due
    ).instruction_id


def test_a_task_of_the_city_stands_once_on_every_communitys_list(settings, ledger):
    issued(settings, ledger)
    everywhere = communities.present(settings)
    assert len(everywhere) > 1900
    for code in list(everywhere)[::100]:
        (task,) = instruction.tasks(settings, ledger, code)
        assert (task.tally.communities, task.answer) == (1, None)
    (task,) = instruction.tasks(settings, ledger, "*")
    assert task.tally.communities == len(everywhere)


def test_a_task_of_a_township_concerns_nobody_else(settings, ledger):
    issued(settings, ledger, scope="320613005")
    assert len(instruction.tasks(settings, ledger, HERE)) == 1
    assert len(instruction.tasks(settings, ledger, "3206")) == 1
    assert instruction.tasks(settings, ledger, "320613006") == []
    with pytest.raises(UsageError, match="没有下达"):
        instruction.answer(
            settings, ledger, issued(settings, ledger, "320613005"), "320623001001", "operator", verdict="done"
        )
    with pytest.raises(UsageError, match="没有社区"):
        issued(settings, ledger, scope="99")


def test_answers_roll_up_level_by_level_and_who_is_late_shows(settings, ledger, monkeypatch):
    name = issued(settings, ledger, scope="3206")
    instruction.answer(settings, ledger, name, HERE, "clerk", verdict="cannot", text="人手不够")
    instruction.answer(settings, ledger, name, HERE, "clerk", verdict="done")
    instruction.answer(settings, ledger, name, THERE, "street", verdict="cannot", text="无此情况")
    county = instruction.roll_up(settings, ledger, name, "320613")
    assert (county["320613005"].done, county["320613005"].cannot, county["320613005"].late) == (1, 1, 0)
    monkeypatch.setenv("JICENG_NOW", "2026-12-01T09:00:00+08:00")
    city = instruction.roll_up(settings, ledger, name)
    assert city["3206"].communities == sum(tally.communities for code, tally in city.items() if code != "3206")
    assert city["3206"].late == city["3206"].communities - 2 == city["3206"].waiting
    instruction.answer(settings, ledger, name, "320613005004", "street", verdict="done")
    village = instruction.roll_up(settings, ledger, name, "320613005004")["320613005004"]
    assert (village.done, village.late) == (1, 1)  # done, and late
    instruction.answer(settings, ledger, name, THERE, "street", verdict="done", text="更正")
    corrected = instruction.roll_up(settings, ledger, name, THERE)[THERE]
    assert (corrected.done, corrected.cannot, corrected.late) == (1, 0, 0), "answered in time, and corrected"


def test_a_community_that_was_merged_answers_as_what_it_became(settings, ledger, monkeypatch):
    name = issued(settings, ledger, scope="320613005", due=date(2026, 12, 10))
    instruction.answer(settings, ledger, name, THERE, "street", verdict="done")
    before = instruction.roll_up(settings, ledger, name)["320613005"].communities
    monkeypatch.setenv("JICENG_NOW", "2026-12-05T09:00:00+08:00")
    found = instruction.roll_up(settings, ledger, name)
    assert found["320613005"].communities == before - 1 and found[MERGED].done == 1 and THERE not in found
    (task,) = instruction.tasks(settings, ledger, MERGED)
    assert task.answer and task.answer.verdict == "done"
    assert len(instruction.tasks(settings, ledger, THERE)) == 1


def test_only_who_gave_a_task_takes_it_back(settings, ledger):
    name = issued(settings, ledger)
    with pytest.raises(UsageError, match="下达的人"):
        instruction.withdraw(ledger, name, "clerk")
    instruction.withdraw(ledger, name, "operator")
    assert instruction.tasks(settings, ledger, HERE) == []
    with pytest.raises(UsageError, match="期限"):
        issued(settings, ledger, due=date(2026, 11, 1))


def test_a_case_is_always_in_one_hand_until_who_opened_it_closes_it(settings, ledger, monkeypatch):
    made = handover.open_case(
        settings, ledger, "clerk", opener=HERE, to="urban_management", community=HERE, title="楼道堆物"
    )
    assert made.due_date == date(2026, 12, 1)
    with pytest.raises(UsageError, match="不在这一方"):
        handover.move(settings, ledger, made.case_id, "housing", by="housing", step="answer", text="")
    with pytest.raises(UsageError, match="可以办结"):
        handover.move(settings, ledger, made.case_id, "wardens", by="urban_management", step="close", text="")
    handover.move(
        settings, ledger, made.case_id, "wardens", by="urban_management", step="pass", to="housing", text="属物业"
    )
    assert handover.cases(settings, ledger, "urban_management") == []
    monkeypatch.setenv("JICENG_NOW", "2026-12-02T09:00:00+08:00")
    (late,) = handover.cases(settings, ledger, "housing")
    assert late.is_late
    handover.move(settings, ledger, made.case_id, "housing", by="housing", step="answer", text="已清理")
    (answered,) = handover.cases(settings, ledger, HERE)
    assert (answered.now.holder, answered.due_date, answered.is_late) == (HERE, None, False)
    handover.move(settings, ledger, made.case_id, "clerk", by=HERE, step="close", text="满意")
    assert handover.cases(settings, ledger) == []
    (closed,) = handover.cases(settings, ledger, with_closed=True)
    assert [step.body.step for step in closed.steps] == ["open", "pass", "answer", "close"]
    with pytest.raises(UsageError, match="已经办结"):
        handover.move(settings, ledger, made.case_id, "clerk", by=HERE, step="answer", text="")


def test_nobody_speaks_for_somebody_else(settings, ledger):
    name = issued(settings, ledger)
    with pytest.raises(AccessDenied):
        instruction.answer(settings, ledger, name, THERE, "clerk", verdict="done")
    for actor, scope in (("clerk", HERE), ("county", "3206"), ("street", "320613006"), ("stranger", HERE)):
        with pytest.raises(AccessDenied):
            instruction.issue(settings, ledger, actor, title="x", text="", scope=scope, due_date=date(2026, 12, 1))
    told = {"to": "housing", "community": HERE, "title": "漏水"}
    for actor, opener in (("clerk", THERE), ("housing", "urban_management"), ("wardens", HERE)):
        with pytest.raises(AccessDenied):
            handover.open_case(settings, ledger, actor, opener=opener, **told)
    for actor, scope in (("city", "3206"), ("street", "320613005"), ("welfare", "*")):
        instruction.issue(settings, ledger, actor, title="x", text="", scope=scope, due_date=date(2026, 12, 1))


def test_from_the_command_line(settings, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(settings.home))
    with open_ledger(settings) as ledger:
        in_office(ledger)

    def jiceng(*words):
        with pytest.raises(SystemExit) as stop:
            main(["task", *words])
        assert stop.value.code == 0
        return capsys.readouterr().out

    name = jiceng("issue", "冬季走访", "--scope", "320613005", "--due", "2099-01-01").strip()
    jiceng("answer", name, "--community", HERE)
    (task,) = json.loads(jiceng("list", "--scope", HERE, "--json"))
    assert (task["done"], task["answer"]) == (1, "done")
    assert json.loads(jiceng("progress", name, "--json"))["320613005"]["done"] == 1
    case = jiceng("hand", "漏水", "--from", HERE, "--to", "housing", "--community", HERE, "--item", "尊老金").split()[0]
    jiceng("move", case, "answer", "--by", "housing", "--text", "已修")
    (told,) = json.loads(jiceng("cases", "--json"))
    assert (told["holder"], told["item_id"], told["is_item_ended"]) == (HERE, "elderly_allowance", False)
    assert "冬季走访" in jiceng("list") and "漏水" in jiceng("cases") and "320613005" in jiceng("progress", name)
    jiceng("withdraw", name)
