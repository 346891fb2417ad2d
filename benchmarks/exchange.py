"""Subscriptions measured: how fast changes reach a subscriber's PostgreSQL, and whether its copy is right every day.

    python -m benchmarks.exchange rate [--rows 10000000] [--source]    needs the extra `simulation`
    python -m benchmarks.exchange days [--days 30]

`rate`: a version is published in which every row of a register changed. Measured from that commit to the commit of
each batch in the subscriber's table; nothing runs beside it. With `--source` the clock starts at the commit in a
department's database (`exchange_source`). `days`: a community lives, syncs and delivers to seven
subscribers every evening; each copy is compared row for row with what it may see. Each part writes its own figures
into benchmarks/results/exchange.json. One run on one machine.
"""

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import yaml

from benchmarks import result
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import subscription
from jiceng_pipeline.exchange.delivery import deliver
from jiceng_pipeline.exchange.delivery_ways import postgresql as way
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants
from jiceng_pipeline.simulation.postgresql import serving
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect, identifier
from jiceng_pipeline_tests.days import live
from jiceng_pipeline_tests.subscribers import Subscribers

NAME, PURPOSE = "everybody", "业务协同"
COMMUNITIES = 1973


def published(settings: Settings, rows: int, turn: int) -> None:
    """Publish a version of a register of that many people; every phone differs from the turn before."""
    database = build.private(settings, f"turn{turn}")
    with connect(database, settings=settings) as connection:
        connection.execute("create schema returned; create schema governance; create schema matching")
        told = {
            "community_code": f"'320613' || lpad(cast(i * {COMMUNITIES} // {rows} as varchar), 6, '0')",
            "community_name": "'虹桥社区居委会'", "resident_id": "md5(cast(i as varchar))",
            "name": "'张' || chr(19968 + cast(i % 20000 as int))",
            "citizen_id": "'3206131950' || lpad(cast(i as varchar), 8, '0')",
            "sex_code": "cast(1 + i % 2 as varchar)", "birth_date": "date '1950-01-01' + cast(i % 20000 as int)",
            "phone": f"'13{turn}' || lpad(cast(i as varchar), 8, '0')",
            "dwelling_address": "'虹桥街道青年东路' || i % 900 || '号' || i % 40 || '幢'",
            "subsistence_monthly_cny": "cast(i % 900 as decimal(18, 2))", "has_hypertension": "i % 7 = 0",
            "source_date": "date '2026-11-24'",
        }  # fmt: skip
        elements = datasets.find(settings, "resident_register").elements
        cells = ", ".join(
            f"cast({told.get(c, 'null')} as {e.sql_type}) as {identifier(c)}" for c, e in elements.items()
        )
        connection.execute(f"create table returned.resident_register as select {cells} from range({rows}) as r(i)")
        connection.execute(
            """create table governance.resident as
            select resident_id, community_code, cast(null as date) as death_date from returned.resident_register"""
        )
    publish.publish(settings, database, {"inputs": {"business_date": "2026-11-24"}, "summary": {}})


def rate(rows: int) -> dict[str, Any]:
    """Return how fast a version in which everything changed reaches PostgreSQL, and how late its rows are."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        settings = Settings(home=Path(folder) / "home")
        with serving(Path(folder) / "postgres" / "data", note=lambda _: None) as server:
            published(settings, rows, 1)
            settings.subscribers.write_text(yaml.safe_dump({NAME: {"way": "postgresql", "url": server.url}}))
            subscribe(settings)
            started = time.perf_counter()
            (first,) = deliver(settings)
            baseline = time.perf_counter() - started
            published(settings, rows, 2)
            committed: list[tuple[float, int]] = []
            with noted(committed):
                started = time.perf_counter()  # the version has just been committed
                (second,) = deliver(settings)
                seconds = time.perf_counter() - started
            differing = compared(settings, server.url)
    assert (first.state, second.state, second.rows) == ("delivered", "delivered", rows), (first, second)
    delays = sorted(at - started for at, count in committed for _ in range(count // 1000))
    return {
        "rows": rows,
        "batches": len(committed),
        "rows_per_second": round(rows / seconds),
        "p50_delay_seconds": round(delays[len(delays) // 2], 1),
        "p95_delay_seconds": round(delays[int(len(delays) * 0.95)], 1),
        "baseline_rows_per_second": round(rows / baseline),
        "rows_not_as_published": differing,
    }


@contextmanager
def noted(committed: list[tuple[float, int]], begin: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Note when each batch is committed and of how many rows; tell `begin` when sending begins and ends."""
    sending = way.sending

    @contextmanager
    def watched(address: Any) -> Iterator[Any]:
        def watch(batch: Any) -> Any:
            begin("send")
            got = hand(batch)
            committed.append((time.perf_counter(), batch.manifest["rows"]))
            begin("delta")
            return got

        with sending(address) as hand:
            yield watch

    way.sending = watched
    try:
        yield
    finally:
        way.sending = sending


def subscribe(settings: Settings) -> None:
    """Subscribe to everything, unmasked."""
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
        given = Grant(
            actor=NAME, scope="*", datasets=("resident_register",), profiles=("full",), purposes=(PURPOSE,),
            granted_by="operator",
        )  # fmt: skip
        grants.give(ledger, given)
        wanted = Subscription(
            subscription_id=NAME, subscriber=NAME, dataset="resident_register", scope="*", profile="full",
            purpose=PURPOSE, target=NAME,
        )  # fmt: skip
        subscription.put(settings, ledger, wanted, "operator")


def compared(settings: Settings, url: str) -> int:
    """Return how many rows of the subscriber's table are not what the version says."""
    version = publish.current(settings)
    assert version is not None
    with psycopg.connect(url) as connection:
        found = connection.execute(
            f"select count(*), count(distinct phone), min(phone), max(phone) from {NAME}"
        ).fetchone()
    with connect(version.database, settings=settings, read_only=True) as connection:
        should = connection.execute(
            "select count(*), count(distinct phone), min(phone), max(phone) from returned.resident_register"
        ).fetchall()[0]
    return 0 if found == should else abs(found[0] - should[0]) + 1


def days(count: int) -> Iterator[dict[str, Any]]:
    """Yield every evening whether each subscriber's copy has been right so far, and what was told in all."""
    told, differing, wrong, seconds = Counter[str](), 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        settings = Settings(home=Path(folder) / "home")
        settings.home.mkdir()
        subscribers = None
        for evening in live(settings, days=count):
            subscribers = subscribers or Subscribers(settings)
            started = time.process_time()
            seen = subscribers.evening()
            seconds.append(round(time.process_time() - started, 2))
            differing += sum(each.differing for each in seen)
            wrong += sum(each.state not in {"delivered", "unchanged"} for each in seen)
            if evening.number:
                told += sum((each.operations for each in seen), Counter[str]())
            print(evening.on, seconds[-1], {each.subscriber: each.rows for each in seen}, differing, flush=True)
            yield {
                "days": evening.number, "subscribers": len(subscribers.wanted), "row_differences": differing,
                "not_delivered": wrong, "told": dict(sorted(told.items())),
                "cpu_seconds_an_evening": sorted(seconds)[len(seconds) // 2],
            }  # fmt: skip


def write(found: Mapping[str, Any]) -> None:
    """Put these figures beside those of the other part."""
    known = result.known("exchange")
    load = round(os.getloadavg()[0], 1)  # above the number of cores, others were at work and the rates are theirs too
    known |= {**found, "machine": result.machine(), "load_average": load}
    result.keep("exchange", dict(sorted(known.items())))


def main() -> None:
    """Run one part and write its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["rate", "days"])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--source", action="store_true")
    arguments = parser.parse_args()
    if arguments.part == "days":
        measured = days(arguments.days)
    elif arguments.source:
        from benchmarks import exchange_source

        measured = iter([exchange_source.rate(arguments.rows)])
    else:
        measured = iter([rate(arguments.rows)])
    for found in measured:
        write(found)  # every evening, so that a run that is broken off says how far it came
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
