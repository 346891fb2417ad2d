"""Ways of handing over: a webhook that asks for what it lacks, a refusal that is parked, a drop directory."""

import threading
from contextlib import contextmanager

from jiceng_pipeline.exchange import delivery, receiver, receiver_http
from jiceng_pipeline.exchange.delivery_ways import webhook

from .test_delivery import PEOPLE, days, phones, target
from .village import copy, only, publish_people, rows, subscribe


@contextmanager
def listening(settings, name, key="a key", **answers):
    server = receiver_http.server(lambda: copy(settings, name), key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_takes_signed_batches_and_asks_for_what_it_lacks(settings, monkeypatch):
    monkeypatch.setattr(webhook, "BACKOFF_SECONDS", 0.01)
    made = days(settings, 4)
    said = next(made)
    with listening(settings, "hook") as url:
        target(settings, "hook", way="webhook", url=url, key="a key")
        subscribe(settings, "hook")
        assert only(settings, "hook").state == "delivered"
        said = next(made)
        only(settings, "hook")
        with copy(settings, "hook") as store:
            assert phones(rows(store, "hook")) == said
            store.connection.execute("delete from target.main.jiceng_batch where number = 2")  # an older copy put back
        said = next(made)
        assert only(settings, "hook").batches == 2
        target(settings, "hook", way="webhook", url=url, key="another")
        said = next(made)
        assert only(settings, "hook").state == "waiting"
        target(settings, "hook", way="webhook", url=url, key="a key")
        only(settings, "hook")
        with copy(settings, "hook") as store:
            assert phones(rows(store, "hook")) == said
    target(settings, "hook", way="webhook", url="http://198.51.100.1/", key="a key")
    publish_people(settings, PEOPLE[:1])
    assert only(settings, "hook").reason == "只送往 https 地址"


def test_what_is_refused_is_parked_until_somebody_has_looked(settings):
    made = days(settings, 2)
    next(made)
    with listening(settings, "hook") as url:
        target(settings, "hook", way="webhook", url=url, key="a key")
        subscribe(settings, "hook")
        subscribe(settings, "county")
        delivery.deliver(settings)
        with copy(settings, "hook") as store:  # another hash under a number it has
            store.connection.execute(
                """insert into target.main.jiceng_batch
                select subscription, 2, repeat('0', 64), kind, 2, rows, version from target.main.jiceng_batch"""
            )
        said = next(made)
        outcomes = {each.subscription_id: each.state for each in delivery.deliver(settings)}
        assert outcomes == {"county": "delivered", "hook": "parked"}  # nobody else waits for it
        assert only(settings, "hook").state == "parked"
        with copy(settings, "hook") as store:
            store.connection.execute("delete from target.main.jiceng_batch where number = 2")
        delivery.resume(settings, "hook", "operator")
        assert only(settings, "hook").state == "delivered"
        with copy(settings, "hook") as store:
            assert phones(rows(store, "hook")) == said


def test_a_drop_directory_never_shows_half_a_batch(settings):
    folder = settings.home / "front"
    folder.mkdir(parents=True)
    target(settings, "front", way="drop", folder=str(folder))
    made = days(settings, 2)
    next(made)
    subscribe(settings, "front")
    only(settings, "front")
    said = next(made)
    only(settings, "front")
    assert sorted(path.name for path in folder.iterdir()) == [
        f"front_00000{number}.{kind}" for number in (1, 2) for kind in ("json", "parquet")
    ]
    (folder / "front_000001.json").rename(folder / "later")  # the rows are there, the word that they are whole is not
    with copy(settings, "front") as store:
        assert receiver.take_dropped(store, folder)["front"].number == 0
        (folder / "later").rename(folder / "front_000001.json")
        assert receiver.take_dropped(store, folder)["front"].number == 2
        assert phones(rows(store, "front")) == said
