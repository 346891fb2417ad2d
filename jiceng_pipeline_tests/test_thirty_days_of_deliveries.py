"""A month of deliveries: every subscriber's copy is, every evening and row for row, what it may see."""

from collections import Counter

import pytest

from jiceng_pipeline.exchange import delivery, delivery_batch, receiver, receiver_store
from jiceng_pipeline.exchange.receipt import handed_over
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.warehouse import publish

pytestmark = pytest.mark.timeout(3600)  # whoever asks first waits for the month


def test_every_copy_is_every_evening_what_may_be_seen(month):
    differing = {(n, seen.subscriber): seen.differing for n, told in enumerate(month.delivered) for seen in told}
    assert len(differing) == 31 * len(month.subscribers.wanted)
    assert {key: rows for key, rows in differing.items() if rows} == {}


def test_everything_that_can_happen_was_told(month):
    told = Counter()
    for seen in (each for evening in month.delivered[1:] for each in evening):
        told += seen.operations
    happened = {words.split()[0] for words in told}
    assert happened >= {"insert", "update", "corrected", "left_scope", "delete"}
    assert "left_scope moved_out" in told


def test_an_evening_without_news_brings_no_delta(month):
    quiet = [n for n, evening in enumerate(month.evenings) if not evening.is_new]
    assert all(seen.batches == 0 for n in quiet for seen in month.delivered[n])
    told = [(number, seen) for number, evening in enumerate(month.delivered) for seen in evening]
    assert [(number, seen) for number, seen in told if seen.state not in {"delivered", "unchanged"}] == []


@pytest.mark.parametrize("name", ["county_people", "village_people", "doubts"])
def test_all_batches_again_change_nothing_and_make_the_same_copy(month, name, tmp_path):
    batches = [delivery_batch.read(path) for path in month.subscribers.batches(name)]
    wanted = month.subscribers.wanted[name]
    with receiver_store.in_file(tmp_path / "copy.duckdb") as store:
        assert {receiver.take(store, each).outcome for each in batches} == {"applied"}
        assert {receiver.take(store, each).outcome for each in reversed(batches)} == {"known"}
    assert month.subscribers.differing(wanted, tmp_path / "copy.duckdb") == 0


def test_every_batch_has_its_receipt_and_the_chain_holds(month):
    with open_ledger(month.settings) as ledger:
        ledger.verify()
        for name in month.subscribers.wanted:
            batches = [delivery_batch.read(path) for path in month.subscribers.batches(name)]
            receipts = [entry.body for entry in handed_over(ledger, name=name)]
            assert [each.hash for each in receipts] == [each.hash for each in batches]
            assert [each.previous_hash for each in receipts[1:]] == [each.hash for each in receipts[:-1]]


def test_what_subscribers_still_need_is_kept_and_little_else(month):
    assert publish.held(month.settings) <= set(publish.versions(month.settings))
    assert len(publish.versions(month.settings)) <= publish.KEPT_VERSIONS + len(publish.held(month.settings))
    assert {each.state for each in delivery.deliver(month.settings)} == {"unchanged"}
