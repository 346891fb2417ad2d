"""Ways of handing over: a webhook that asks for what it lacks, a refusal that is parked, a drop directory."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jiceng_pipeline.exchange import delivery, delivery_step, delivery_target, receiver, receiver_http
from jiceng_pipeline.exchange.delivery_ways import webhook
from jiceng_pipeline_tests.certificate import secured

from .test_delivery import PEOPLE, days, phones, target
from .village import copy, only, outbox, publish_people, rows, subscribe


def listening(settings, name, key="a key"):
    return serving(receiver_http.server(lambda: copy(settings, name), key))


@contextmanager
def serving(server):
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


@pytest.mark.parametrize("key", ["01234567", "2026_1", "yes", "0x1F", "2026-02-30"])
def test_a_key_is_what_stands_there(settings, key):
    settings.home.mkdir(exist_ok=True)
    settings.subscribers.write_text(f"hook: {{way: webhook, url: 'https://a.example/', key: {key}}}\n", "utf-8")
    assert delivery_target.find(settings, "hook")["key"] == key


def test_a_webhook_that_lost_what_lies_here_no_more_gets_everything_anew(settings, monkeypatch):
    monkeypatch.setattr(delivery_step, "KEPT_STEPS", 2)
    with listening(settings, "hook") as url:
        target(settings, "hook", way="webhook", url=url, key="a key")
        subscribe(settings, "hook")
        made = days(settings, 5)
        for _ in range(4):
            next(made)
            only(settings, "hook")
        (settings.home / "hook.duckdb").unlink()
        said = next(made)
        assert (only(settings, "hook").state, only(settings, "hook").state) == ("delivered", "unchanged")
        with copy(settings, "hook") as store:
            assert phones(rows(store, "hook")) == said


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


def test_a_receiver_with_a_certificate_of_its_own_authority_gets_what_is_sent_once_that_is_named(settings, tmp_path):
    publish_people(settings, PEOPLE)
    server, path = receiver_http.server(lambda: copy(settings, "hook"), "a key"), tmp_path / "served.pem"
    secured(server, path)
    with serving(server) as url:
        address = {"way": "webhook", "url": url.replace("http:", "https:"), "key": "a key"}
        target(settings, "hook", **address)
        subscribe(settings, "hook")
        refused = only(settings, "hook")
        assert (refused.state, "证书不被信任" in refused.reason) == ("waiting", True)
        target(settings, "hook", **address, ca=str(path))
        assert only(settings, "hook").state == "delivered"


def answering(body, **headers):
    """Return a server that gives every batch this answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return HTTPServer(("127.0.0.1", 0), Handler)


SOUND, ENDLESS, NESTED = b'{"number": 1, "hash": ""}', b'{"number": 1e999, "hash": ""}', b"[" * 200_000


@pytest.mark.parametrize(
    ("body", "headers", "state", "said"),
    [
        (SOUND, {"Content-Encoding": "gzip"}, "waiting", "送不到（DecodingError，试了 4 次）"),
        (ENDLESS, {}, "parked", "对方的答复不合约定"),
        (NESTED, {}, "parked", "对方的答复不合约定"),
    ],
)
def test_whoever_answers_oddly_keeps_nobody_else_waiting(settings, monkeypatch, body, headers, state, said):
    monkeypatch.setattr(webhook, "BACKOFF_SECONDS", 0.01)
    publish_people(settings, PEOPLE)
    with serving(answering(body, **headers)) as url:
        target(settings, "a_hook", way="webhook", url=url, key="a key")
        subscribe(settings, "a_hook")
        subscribe(settings, "county")
        odd, other = delivery.deliver(settings)
    assert (odd.state, odd.reason, other.state) == (state, said, "delivered")


@pytest.mark.parametrize("written", [ENDLESS, NESTED, b"\xff", b"[]"])
def test_whoever_writes_down_rubbish_keeps_nobody_else_waiting(settings, written):
    publish_people(settings, PEOPLE)
    subscribe(settings, "a_folder")
    subscribe(settings, "county")
    (outbox(settings, "a_folder") / "a_folder").mkdir()
    (outbox(settings, "a_folder") / "a_folder" / "received.json").write_bytes(written)
    odd, other = delivery.deliver(settings)
    assert (odd.state, odd.reason, other.state) == ("waiting", "对方写的接收情况读不出来", "delivered")


def test_an_error_nobody_thought_of_stops_one_delivery_and_quotes_nothing(settings):
    publish_people(settings, PEOPLE)
    subscribe(settings, "a_folder")
    only(settings, "a_folder")
    (delivery_step.every(settings, "a_folder")[-1].folder / "step.json").write_text("13812345678")
    subscribe(settings, "county")
    odd, other = delivery.deliver(settings)
    assert (odd.state, odd.reason, other.state) == ("waiting", "程序出错（TypeError）", "delivered")


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
