"""What a subscriber is told between two versions, and why."""

from dataclasses import replace
from datetime import date

import pytest

from jiceng_pipeline.ledger.kinds.subscription import Condition
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants

from .village import COUNTY, HERE, THERE, Person, grant, only, publish_people, received, subscribe, told

A, B, C = Person("a" * 32), Person("b" * 32, name="李四"), Person("c" * 32, THERE, name="王五")


def keys(found):
    return {key[0] for key in found}


def test_a_baseline_is_all_that_may_be_seen_and_nothing_more(settings):
    publish_people(settings, [A, B, C])
    subscribe(settings, "here", scope=HERE)
    assert (only(settings, "here").rows, only(settings, "here").state) == (2, "unchanged")
    copy = received(settings, "here")
    assert keys(copy) == {"a", "b"}
    assert copy[A.id]["name"] == "张*三" and copy[A.id]["phone"] == "138****5678"
    assert copy[A.id]["subsistence_category_code"] is None and copy[A.id]["has_diabetes"] is None


def test_who_moves_leaves_one_community_and_comes_to_the_other(settings):
    publish_people(settings, [A, B, C])
    for name, scope in (("here", HERE), ("there", THERE), ("county", COUNTY)):
        subscribe(settings, name, scope=scope)
        only(settings, name)
    publish_people(settings, [replace(A, community=THERE), B, C])
    for name in ("here", "there", "county"):
        assert only(settings, name).rows == 1
    assert told(settings, "here", 2) == {A.id: ("left_scope", "moved_out", None)}
    assert told(settings, "there", 2) == {A.id: ("insert", "moved_in", None)}
    assert told(settings, "county", 2) == {A.id: ("update", "changed", None)}
    assert [keys(received(settings, name)) for name in ("here", "there", "county")] == [
        {"b"}, {"a", "c"}, {"a", "b", "c"},
    ]  # fmt: skip


def test_of_who_is_gone_only_the_key_is_told(settings):
    publish_people(settings, [A, B, C])
    subscribe(settings, "county")
    only(settings, "county")
    publish_people(settings, [replace(A, died=True), C])
    only(settings, "county")
    assert told(settings, "county", 2) == {
        A.id: ("left_scope", "died", None),
        B.id: ("delete", "ended", None),
    }
    assert keys(received(settings, "county")) == {"c"}


def test_a_merge_is_told_with_whom_and_undone_it_comes_back(settings):
    publish_people(settings, [A, B, C])
    subscribe(settings, "here", scope=HERE)
    subscribe(settings, "there", scope=THERE)
    first = [only(settings, name) for name in ("here", "there")]
    one = replace(A, records=("record of " + A.id, "record of " + B.id, "record of " + C.id), phone=None)
    publish_people(settings, [one])
    second = [only(settings, name) for name in ("here", "there")]
    assert told(settings, "here", 2) == {
        A.id: ("corrected", "regrouped", None),
        B.id: ("merged", "same", A.id),
    }
    # with whom is not told to who does not see that one
    assert told(settings, "there", 2) == {C.id: ("left_scope", "merged_away", None)}
    publish_people(settings, [A, B, C])
    third = [only(settings, name) for name in ("here", "there")]
    assert told(settings, "here", 3) == {A.id: ("corrected", "regrouped", None), B.id: ("split", "different", A.id)}
    assert told(settings, "there", 3) == {C.id: ("insert", "new", None)}
    assert keys(received(settings, "here")) == {"a", "b"} and keys(received(settings, "there")) == {"c"}
    assert [each.state for each in (*first, *second, *third)] == ["delivered"] * 6


@pytest.mark.parametrize("how", ["source", "dispute"])
def test_a_mended_value_is_told_as_a_correction(settings, how):
    record = f"record of {A.id}"
    publish_people(
        settings,
        [replace(A, failing=(record,)) if how == "source" else A, B],
        disputed=[(A.id, "phone")] if how == "dispute" else [],
    )
    subscribe(settings, "county")
    only(settings, "county")
    publish_people(settings, [replace(A, phone="13912345678"), replace(B, phone="13712345678")])
    only(settings, "county")
    assert told(settings, "county", 2) == {A.id: ("corrected", how, None), B.id: ("update", "changed", None)}


def test_a_tightened_mask_takes_back_what_was_shown(settings):
    publish_people(settings, [A, B])
    subscribe(settings, "county", profile="full", purpose="入户走访")
    only(settings, "county")
    assert received(settings, "county")[A.id]["phone"] == "13812345678"
    subscribe(settings, "county", profile="check")
    only(settings, "county")
    assert received(settings, "county")[A.id]["phone"] == "138****5678"


def test_a_condition_decides_who_is_in_sight(settings):
    publish_people(settings, [replace(A, subsistence="1"), B])
    subscribe(
        settings, "poor", profile="full", purpose="低保核对",
        conditions=(Condition(element="subsistence_category_code", test="is_filled"),),
    )  # fmt: skip
    only(settings, "poor")
    publish_people(settings, [A, replace(B, subsistence="2")])
    only(settings, "poor")
    assert told(settings, "poor", 2) == {
        A.id: ("left_scope", "condition", None),
        B.id: ("insert", "met", None),
    }


def test_a_narrower_subscription_takes_back_the_rest(settings):
    publish_people(settings, [A, C])
    subscribe(settings, "moving")
    only(settings, "moving")
    with open_ledger(settings) as ledger:
        grants.give(ledger, grant("moving", COUNTY))
    subscribe(settings, "moving", scope=HERE)
    assert only(settings, "moving").rows == 1
    assert told(settings, "moving", 2) == {C.id: ("left_scope", "narrowed", None)}


def test_the_same_again_makes_no_delta(settings):
    publish_people(settings, [A, B])
    subscribe(settings, "county")
    assert only(settings, "county").batches == 1
    assert only(settings, "county").state == "unchanged"
    publish_people(settings, [A, B], disputed=[(A.id, "phone")])  # another version, the same rows
    assert [only(settings, "county").batches for _ in range(2)] == [0, 0]


def test_a_new_column_is_announced_one_batch_ahead(settings):
    publish_people(settings, [A, B], without=("phone",))
    subscribe(settings, "county")
    only(settings, "county")
    publish_people(settings, [A, B])
    assert only(settings, "county").rows == 0
    assert "phone" not in received(settings, "county")[A.id]
    publish_people(settings, [A])
    only(settings, "county")
    assert received(settings, "county")[A.id]["phone"] == "138****5678"
    assert told(settings, "county", 3)[B.id] == ("delete", "ended", None)
    publish_people(settings, [A, B], without=("phone",))
    only(settings, "county")
    assert received(settings, "county")[A.id]["phone"] is None
    publish_people(settings, [A, C], without=("phone",))
    only(settings, "county")
    assert "phone" not in received(settings, "county")[A.id]


def test_a_mask_that_looks_at_the_person_holds_in_deliveries_too(settings, monkeypatch):
    found = datasets.find(settings, "resident_register")
    monkeypatch.setattr(datasets, "find", lambda *_: replace(found, declares=frozenset()))
    publish_people(settings, [A, replace(B, born=date(2020, 1, 1))])
    subscribe(settings, "county")
    only(settings, "county")
    copy = received(settings, "county")
    assert (copy[A.id]["name"], copy[B.id]["name"]) == ("张*三", None)
