"""Kinds of events: found as files, strict, and read back typed."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.ledger import kind, views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.decision import Decision
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.model import Model

from .conftest import READ

SAME = Decision(entity="resident", record_id_a="a", record_id_b="b", verdict="same", reason="同一人")
GRANT = Grant(
    actor="clerk", scope="320613005", datasets=("resident_register", "changes"), profiles=("check",),
    purposes="*", granted_by="operator",
)  # fmt: skip


def test_kinds_are_the_files_there_are():
    assert {"audit", "decision", "grant", "model"} <= set(kind.names())
    for name in kind.names():
        assert kind.name_of(kind.body_of(name)) == name
        assert kind.body_of(name).model_config["extra"] == "forbid"


def test_a_build_reads_decisions_and_models_not_who_looked_at_what():
    assert {"decision", "model"} <= set(kind.bearing_on_data())
    assert not {"audit", "grant"} & set(kind.bearing_on_data())


def test_entries_are_typed(ledger):
    ledger.append("decision", SAME.subject, SAME, "clerk")
    ledger.append("audit", "s", READ, "clerk")
    (entry,) = views.entries(ledger, Decision)
    assert (entry.body, entry.subject, entry.actor, entry.seq) == (SAME, "a:b", "clerk", 1)
    assert entry.at.tzinfo is not None
    assert [e.body for e in views.entries(ledger, Audit)] == [READ]


def test_the_last_word_on_a_subject_stands(ledger):
    other = SAME.model_copy(update={"record_id_b": "c"})
    for body in (SAME, other, SAME.model_copy(update={"verdict": "different"})):
        ledger.append("decision", body.subject, body, "clerk")
    standing = views.standing(ledger, Decision)
    assert {subject: entry.body.verdict for subject, entry in standing.items()} == {"a:c": "same", "a:b": "different"}
    assert views.standing(ledger, Decision, until=2)["a:b"].body.verdict == "same"


def test_a_body_of_another_program_version_is_named(settings, ledger):
    from jiceng_pipeline.ledger.chain import NOTHING, sealed
    from jiceng_pipeline.ledger.database import Database

    with Database(settings.ledger).writing() as rows:
        rows.insert(sealed(NOTHING, "decision", "a:b", '{"later": 1}', "clerk", "2026-11-24T00:00:00+00:00"))
    assert ledger.verify().seq == 1
    with pytest.raises(IntegrityError, match="第 1 条"):
        list(views.entries(ledger, Decision))


def test_a_pair_has_one_spelling():
    with pytest.raises(ValidationError):
        Decision(entity="resident", record_id_a="b", record_id_b="a", verdict="same", reason="x")


@pytest.mark.parametrize("scope", ["", "3", "32061", "320613005001x", "％", "**"])
def test_a_scope_is_a_division_or_everything(scope):
    with pytest.raises(ValidationError):
        Grant.model_validate({**GRANT.model_dump(), "scope": scope})


def test_the_same_rights_have_one_subject_whatever_their_end_and_order():
    ended = GRANT.model_copy(
        update={"until": datetime(2027, 1, 1, tzinfo=UTC), "datasets": ("changes", "resident_register")}
    )
    assert ended.subject == GRANT.subject
    assert GRANT.model_copy(update={"profiles": ("full",)}).subject != GRANT.subject


def test_rights_over_all_elements_are_named_as_before_there_was_a_choice():
    assert GRANT.subject == "d218ebde48962558"
    assert GRANT.model_copy(update={"elements": ("name",)}).subject != GRANT.subject


def test_the_model_in_force_is_the_last_named(ledger):
    for version in ("a" * 12, "b" * 12):
        body = Model(entity="resident", version=version, reason="首次训练")
        ledger.append("model", body.subject, body, "sync")
    assert views.standing(ledger, Model)["resident"].body.version == "b" * 12
