"""What a community collected, where it goes, and what comes back: three kinds of event."""

import pytest
from pydantic import ValidationError

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger import kind, views
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.kinds.outbox_answer import OutboxAnswer

PHONE = {
    "entity": "resident", "entity_id": "a" * 32, "element_id": "phone", "value": "13800001111",
    "community_code": "320613005001", "collected_date": "2026-11-20", "source": "form:living_alone_visit",
}  # fmt: skip


def test_a_build_reads_what_was_collected_not_where_it_was_sent():
    assert "intake" in kind.bearing_on_data()
    assert not {"outbox", "outbox_answer"} & set(kind.bearing_on_data())


def test_a_value_goes_by_its_cell_and_the_last_word_stands(ledger):
    for value in ("13800001111", "13900002222"):
        body = Intake.model_validate({**PHONE, "value": value})
        ledger.append("intake", body.subject, body, "clerk")
    (standing,) = views.standing(ledger, Intake).values()
    assert (standing.subject, standing.body.value) == (f"resident:{'a' * 32}:phone", "13900002222")


@pytest.mark.parametrize(
    "wrong", [{"entity": "city_case"}, {"value": ""}, {"source": "Form 1"}, {"community_code": "320613"}, {"more": 1}]
)
def test_an_intake_is_strict_and_no_value_is_in_its_error(ledger, wrong):
    with pytest.raises(UsageError) as error:
        ledger.append("intake", "s", {**PHONE, **wrong}, "clerk")
    assert PHONE["value"] not in str(error.value)


def test_an_outbox_event_names_the_intake_and_holds_no_value():
    assert "value" not in Outbox.model_fields
    sent = Outbox(
        intake_seq=7, system="health/resident_health_record", entity="resident", entity_id="a" * 32,
        element_id="phone", community_code="320613005001", ground="unconditional",
    )  # fmt: skip
    assert OutboxAnswer(outbox=sent.subject, verdict="taken_over").subject == "health/resident_health_record:7"


def test_a_refusal_has_a_reason():
    with pytest.raises(ValidationError):
        OutboxAnswer(outbox="health/resident_health_record:7", verdict="refused", reason=" ")
