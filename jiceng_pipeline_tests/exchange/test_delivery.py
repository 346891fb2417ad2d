"""Handing over: in order, once, again where it was lost, never what is no longer granted."""

import json
import random
import shutil
from dataclasses import replace

import pytest
import yaml

from jiceng_pipeline.core.errors import AccessDenied, IntegrityError, UsageError
from jiceng_pipeline.exchange import (
    delivery,
    delivery_batch,
    delivery_step,
    receiver,
    receiver_store,
    subscription,
)
from jiceng_pipeline.exchange.delivery_sender import Sender
from jiceng_pipeline.exchange.receipt import handed_over
from jiceng_pipeline.ledger.kinds.subscription import Condition, Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.warehouse import publish

from .village import COUNTY, HERE, Person, copy, grant, only, outbox, publish_people, received, rows, subscribe

PEOPLE = [Person(letter * 32) for letter in "abcdef"]


def target(settings, name, **address):
    known = yaml.safe_load(settings.subscribers.read_text()) if settings.subscribers.exists() else {}
    settings.home.mkdir(exist_ok=True)
    settings.subscribers.write_text(yaml.safe_dump({**known, name: address}))


def days(settings, count):
    """Publish one version after another, each with other people and values, and yield what each says."""
    chance = random.Random(7)
    for _ in range(count):
        present = [replace(p, phone=f"139{chance.randrange(10**8):08d}") for p in PEOPLE if chance.random() < 0.7]
        publish_people(settings, present)
        yield {person.id: f"{person.phone[:3]}****{person.phone[-4:]}" for person in present}


def phones(copied):
    return {key: row["phone"] for key, row in copied.items()}


def test_batches_and_deltas_add_up_to_what_the_version_says(settings, monkeypatch):
    monkeypatch.setattr(delivery_step, "ROWS", 2)  # so that a handful of people makes several batches
    made = days(settings, 5)
    said = next(made)
    subscribe(settings, "county")
    only(settings, "county")
    for said in made:
        only(settings, "county")
        assert phones(received(settings, "county")) == said
    numbers = [path.name for path in sorted((outbox(settings, "county") / "county").iterdir())]
    assert len(numbers) > 6 and max(
        json.loads((outbox(settings, "county") / "county" / name / "manifest.json").read_text())["rows"]
        for name in numbers if name.isdigit()
    ) <= 2  # fmt: skip


def test_shuffled_doubled_and_dropped_batches_come_to_the_same(settings, monkeypatch):
    monkeypatch.setattr(delivery_step, "ROWS", 2)
    made = days(settings, 4)
    said = next(made)
    subscribe(settings, "county")
    only(settings, "county")
    for last in made:
        only(settings, "county")
        said = last
    batches = [delivery_batch.read(path) for path in sorted((outbox(settings, "county") / "county").iterdir())]
    for seed in range(6):
        chance = random.Random(seed)
        with receiver_store.in_file(settings.home / f"copy{seed}.duckdb") as store:
            applied = 0
            while store.have("county").number < len(batches):
                arriving = chance.choices(batches, k=len(batches))  # some twice, some not at all, in any order
                applied += sum(receiver.take(store, each).outcome == "applied" for each in arriving)
            assert applied == len(batches)
            assert phones(rows(store, "county")) == said
            before = rows(store, "county")
            assert {receiver.take(store, each).outcome for each in batches} == {"known"}
            assert rows(store, "county") == before


def test_a_lost_batch_is_asked_for_and_put_there_again(settings):
    made = days(settings, 3)
    said = next(made)
    subscribe(settings, "county")
    only(settings, "county")
    said = next(made)
    only(settings, "county")
    shutil.rmtree(outbox(settings, "county") / "county" / "000002")
    said = next(made)
    only(settings, "county")
    received(settings, "county")
    with copy(settings, "county") as store:
        assert store.have("county").number == 1  # the third waits for the second
    assert only(settings, "county").batches == 2
    assert phones(received(settings, "county")) == said
    shutil.rmtree(outbox(settings, "county") / "county")
    (settings.home / "county.duckdb").unlink()  # the receiver lost everything and says so
    (outbox(settings, "county") / "county").mkdir()
    with copy(settings, "county") as store:
        receiver.take_folder(store, outbox(settings, "county"))
    only(settings, "county")
    assert phones(received(settings, "county")) == said
    assert delivery.replay(settings, "county", 1, 2, "operator").batches == 2


def test_a_changed_batch_is_noticed(settings):
    list(days(settings, 1))
    subscribe(settings, "county")
    only(settings, "county")
    place = outbox(settings, "county") / "county" / "000001"
    whole = (place / "rows.parquet").read_bytes()
    for position in range(0, len(whole), len(whole) // 20):
        broken = bytearray(whole)
        broken[position] ^= 1
        (place / "rows.parquet").write_bytes(broken)
        with pytest.raises(IntegrityError, match="改动"):
            delivery_batch.read(place)
    (place / "rows.parquet").write_bytes(whole)
    told = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**told, "scope": "*"}))
    with pytest.raises(IntegrityError, match="改动"):
        received(settings, "county")


def test_an_ended_grant_stops_the_next_delivery_and_tells_what_was_delivered(settings):
    made = days(settings, 3)
    next(made)
    subscribe(settings, "county")
    only(settings, "county")
    held = publish.held(settings)
    next(made)
    with open_ledger(settings) as ledger:
        (entry,) = grants.live(ledger, "county")
        grants.end(ledger, entry.subject, "operator")
    assert only(settings, "county").state == "denied"
    assert not (outbox(settings, "county") / "county" / "000002").exists()
    assert held and not publish.held(settings) and not delivery_step.every(settings, "county")
    with pytest.raises(AccessDenied):
        delivery.replay(settings, "county", 1, 1, "operator")
    with open_ledger(settings) as ledger:
        (sent,) = handed_over(ledger, grant=entry.subject)
        assert (sent.body.number, sent.body.rows > 0, sent.body.scope) == (1, True, COUNTY)
        assert "phone" in sent.body.fields and sent.body.access
        grants.give(ledger, grant("county", COUNTY))
    said = next(made)
    assert only(settings, "county").state == "delivered"  # a new baseline, its number not used before
    assert phones(received(settings, "county")) == said


def test_who_may_no_longer_see_what_a_condition_is_on_is_told_no_more_of_who_meets_it(settings):
    first, second = PEOPLE[0], PEOPLE[1]
    drawing = Condition(element="subsistence_category_code", test="is_filled")
    publish_people(settings, [replace(first, subsistence="1"), second])
    subscribe(settings, "county", profile="full", purpose="核对", conditions=(drawing,))
    only(settings, "county")
    assert set(received(settings, "county")) == {first.id}
    may = ("resident_id", "name", "community_code")
    with open_ledger(settings) as ledger:
        grants.end(ledger, grant("county", COUNTY).subject, "operator")
        grants.give(ledger, grant("county", COUNTY, elements=may))
    publish_people(settings, [first, replace(second, subsistence="2")])
    outcome = only(settings, "county")
    assert (outcome.state, outcome.reason) == ("denied", "授权不含所要的数据项")
    assert set(received(settings, "county")) == {first.id}
    with pytest.raises(AccessDenied):
        delivery.replay(settings, "county", 1, 1, "operator")
    with open_ledger(settings) as ledger:
        grants.give(ledger, grant("county", COUNTY, elements=(*may, drawing.element)))
    assert only(settings, "county").state == "delivered"
    assert set(received(settings, "county")) == {second.id}


def test_nobody_subscribes_to_more_than_is_granted(settings):
    publish_people(settings, PEOPLE)
    subscribe(settings, "here", scope=HERE)
    wanted = Subscription(
        subscription_id="more", subscriber="here", dataset="resident_register", scope=HERE, target="here"
    )
    cases = {
        "授权范围": {"scope": COUNTY},
        "用途": {"profile": "full"},
        "不能这样显示": {"profile": "statistics"},
        "数据集没有": {"elements": ("blood_type",)},
        "看得到原值": {"conditions": (Condition(element="has_diabetes", test="is", values=("true",)),)},
        "没有登记": {"target": "nowhere"},
        "不能订阅": {"dataset": "changes"},
        "已有别人": {"subscription_id": "here", "subscriber": "other"},
    }
    with open_ledger(settings) as ledger:
        for said, changed in cases.items():
            with pytest.raises(UsageError, match=said):
                subscription.put(settings, ledger, wanted.model_copy(update=changed), "operator")


def test_what_cannot_be_put_there_waits_and_nothing_newer_is_made(settings):
    made = days(settings, 3)
    next(made)
    subscribe(settings, "county")
    only(settings, "county")
    away = outbox(settings, "county").rename(settings.home / "unplugged")
    next(made)
    assert (only(settings, "county").state, only(settings, "county").reason) == ("waiting", "文件夹不存在")
    said = next(made)
    only(settings, "county")
    away.rename(outbox(settings, "county"))
    only(settings, "county")
    assert phones(received(settings, "county")) == said


@pytest.mark.parametrize("narrowed", [False, True])
def test_what_an_interrupted_delivery_left_to_be_made_is_made_at_the_next(settings, monkeypatch, narrowed):
    monkeypatch.setattr(delivery_step, "ROWS", 1)
    made = days(settings, 3)
    next(made)
    subscribe(settings, "county")
    only(settings, "county")
    first = delivery_step.every(settings, "county")[-1].last
    next(made)

    def interrupted(_sender, _way, _address, number, until, *_):
        if number <= until:
            raise KeyboardInterrupt
        return True

    with monkeypatch.context() as meanwhile, pytest.raises(KeyboardInterrupt):
        meanwhile.setattr(Sender, "send", interrupted)
        only(settings, "county")
    begun = delivery_step.every(settings, "county")[-1]
    assert begun.last > first + 2 and not begun.is_whole and not delivery_step.batch(settings, "county", begun.last)
    if narrowed:  # what was begun would show more than is wanted now
        with open_ledger(settings) as ledger:
            subscription.put(
                settings, ledger,
                Subscription(subscription_id="county", subscriber="county", dataset="resident_register", scope=COUNTY,
                             target="county", elements=("resident_id", "phone")),
                "operator",
            )  # fmt: skip
    said = next(made)
    assert only(settings, "county").state == "delivered"
    assert phones(received(settings, "county")) == said
    sent = [delivery_batch.read(path).manifest
            for path in sorted((outbox(settings, "county") / "county").glob("0*"))[first:]]  # fmt: skip
    assert {each["kind"] for each in sent} == {"baseline" if narrowed else "delta"}
    assert [each["number"] for each in sent] == list(
        range(begun.last + 1 if narrowed else begun.first, sent[-1]["number"] + 1)
    )
    assert not narrowed or {name for each in sent for name in (c["name"] for c in each["columns"])} == {
        "resident_id", "phone"
    }  # fmt: skip


def test_a_rhythm_is_waited_for(settings, monkeypatch):
    made = days(settings, 3)
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T08:00:00+08:00")
    next(made)
    subscribe(settings, "county", cadence="daily")
    assert only(settings, "county").state == "delivered"
    next(made)
    assert only(settings, "county").state == "not_due"
    monkeypatch.setenv("JICENG_NOW", "2026-11-25T00:10:00+08:00")
    assert only(settings, "county").state == "delivered"
    with open_ledger(settings) as ledger:
        subscription.turn(ledger, "county", "paused", "operator")
        assert only(settings, "county").state == "paused"
        subscription.turn(ledger, "county", "ended", "operator")
    assert only(settings, "county").state == "ended"
    assert not publish.held(settings)
