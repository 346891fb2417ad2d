"""A button pressed twice: one task on every community's list, one matter in one hand; and once more when it is over."""

from datetime import date

from jiceng_pipeline.exchange import handover, instruction

HERE = "320613005001"


def test_a_task_given_twice_the_same_stands_once(settings, ledger):
    def give():
        given = {"title": "冬季走访", "text": "", "scope": HERE[:9], "due_date": date(2026, 11, 30)}
        return instruction.issue(settings, ledger, "operator", **given).instruction_id

    first, second = give(), give()
    assert first == second
    assert len(instruction.tasks(settings, ledger, HERE)) == 1
    instruction.withdraw(ledger, first, "operator")
    third = give()
    assert third != first
    assert [each.instruction.instruction_id for each in instruction.tasks(settings, ledger, HERE)] == [third]


def test_a_matter_opened_twice_the_same_is_one_until_it_is_closed(settings, ledger):
    def give():
        told = {"opener": HERE, "to": "housing", "community": HERE, "title": "漏水"}
        return handover.open_case(settings, ledger, "clerk", **told).case_id

    first, second = give(), give()
    assert first == second
    assert len(handover.cases(settings, ledger)) == 1
    handover.move(settings, ledger, first, "housing", by="housing", step="answer", text="修好了")
    assert give() == first, "not closed yet"
    handover.move(settings, ledger, first, "clerk", by=HERE, step="close", text="满意")
    assert give() != first
