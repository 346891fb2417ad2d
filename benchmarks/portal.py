"""The portal under many readers: 200 users for ten minutes while two new versions are published.

    python -m benchmarks.portal HOME [--users 200] [--minutes 10]

HOME is a synced home of a simulated city and is copied. Every user has an account of its own, clerk of one of the
communities, and signs in with its password before the clock starts. Then everybody reads a page for 5 to 20 seconds and
goes on: `MIX` says where. Twice meanwhile the city lives a day and `run_sync` publishes what became of it, in a process
of lower priority, as `jiceng sync` does. A home page that names one day and counts another's people, or a workbook
whose rows are not those of the version it names, is a torn read.

Written to benchmarks/results/portal.json. `page_p95_ms` and `xlsx_p95_ms` are of the wall clock, so they mean something
on a quiet machine only; `server_cpu_ms` and `client_cpu_ms` are per request, wherever it runs.
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import portal_reader, result

SIGN_INS_AT_ONCE, LEAST_RESIDENTS = 2, 200


@dataclass
class Run:
    """What was asked for, and what the readers met."""

    address: str
    ends: float
    visits: list[portal_reader.Visit] = field(default_factory=list)


def main() -> None:
    """Run it and write the figures, or publish once for a run that goes on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--out", type=Path, default=result.FOLDER, help="folder")
    parser.add_argument("--publish", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.publish:
        return publish_next(asked.home)
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        # whose a file is counts: the city's PostgreSQL runs as somebody else where this runs as root
        subprocess.run(["cp", "-a", str(asked.home), str(home)], check=True)
        found = measure(home, asked.users, asked.minutes)
    result.write("portal", found, asked.out)
    return None


def measure(home: Path, users: int, minutes: float) -> dict:
    """Serve the home, send the users, publish twice, and return the figures."""
    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.portal import configuration, server

    settings = Settings(home=home)
    configuration.prepare(settings)
    keys = _accounts(settings, users)
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    with server.running(settings, port) as process:
        run = Run(f"http://{server.HOST}:{port}", 0)
        readers = _signed_in(run.address, keys)
        begun, client, served = time.monotonic(), time.process_time(), _cpu_seconds(process.pid)
        run.ends = begun + minutes * 60
        threads = [threading.Thread(target=each.read_until, args=(run.ends, run.visits)) for each in readers]
        for thread in threads:
            thread.start()
        publishes = [_publish(home, begun + minutes * 60 * part, run.ends) for part in (0.1, 0.55)]
        for thread in threads:
            thread.join()
        served, client = _cpu_seconds(process.pid) - served, time.process_time() - client
    return {
        "users": users,
        "minutes": minutes,
        "cores": os.cpu_count(),
        "publishes": sum(each.is_new and each.is_in_time for each in publishes),
        "publish_seconds": [each.seconds for each in publishes],
        "think_seconds": list(portal_reader.THINK_SECONDS),
        "mix": portal_reader.MIX,
        **figures(run.visits),
        "torn": portal_reader.torn(settings, run.visits),
        "server_cpu_ms": round(served / max(len(run.visits), 1) * 1_000, 1),
        "client_cpu_ms": round(client / max(len(run.visits), 1) * 1_000, 1),
    }


def figures(visits: list[portal_reader.Visit]) -> dict:
    """Return counts and percentiles; a workbook counts as one of 500 rows where it has no more than 700."""
    pages = [each.milliseconds for each in visits if each.rows is None]
    books = [each for each in visits if each.rows is not None]
    kinds = sorted({each.kind for each in visits})
    return {
        "pages": len(pages),
        "workbooks": len(books),
        "page_p50_ms": _percentile(pages, 0.5),
        "page_p95_ms": _percentile(pages, 0.95),
        "xlsx_p95_ms": _percentile([each.milliseconds for each in books if (each.rows or 0) <= 700], 0.95),
        "xlsx_any_size_p95_ms": _percentile([each.milliseconds for each in books], 0.95),
        "xlsx_largest_rows": max((each.rows or 0 for each in books), default=0),
        "p95_ms": {
            kind: _percentile([each.milliseconds for each in visits if each.kind == kind], 0.95) for kind in kinds
        },
        "errors": sum(each.status != 200 for each in visits),
    }


@dataclass(frozen=True)
class Publish:
    """How a publish went."""

    is_new: bool
    is_in_time: bool  # while the readers still read
    seconds: float


def _publish(home: Path, at: float, ends: float) -> Publish:
    """Let the city live a day and sync it, from that moment on, in a process of its own."""
    time.sleep(max(at - time.monotonic(), 0))
    began = time.monotonic()
    if began > ends:
        return Publish(False, False, 0)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.portal", str(home), "--publish"], stdout=subprocess.DEVNULL, check=False
    )
    ended = time.monotonic()
    return Publish(done.returncode == 0, ended < ends, round(ended - began, 1))


def publish_next(home: Path) -> None:
    """Live a day, sync it, and end with 0 where a new version was published."""
    from datetime import timedelta

    from jiceng_pipeline.core import processes
    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.defs.launch import run_sync
    from jiceng_pipeline.simulation.advance import advance, repair
    from jiceng_pipeline.simulation.running import running
    from jiceng_pipeline.warehouse import publish

    settings = Settings.load(home)
    processes.stand_back(settings.niceness)
    repair(settings)
    last = publish.find(settings).manifest["inputs"]["business_date"]
    (lived,) = advance(settings, 1)
    on = max(lived.date, type(lived.date).fromisoformat(last) + timedelta(days=1))
    os.environ["JICENG_NOW"] = f"{on}T22:00:00+08:00"
    with running(settings):
        report = run_sync(settings)
    sys.exit(0 if report.is_new else 1)


def _accounts(settings, users: int) -> list[tuple[str, str, str]]:
    """Make that many clerks, spread over the communities; return (account, password, community)."""
    from jiceng_pipeline.ledger.kinds.post import Post
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.portal import accounts
    from jiceng_pipeline.portal.reading import opened
    from jiceng_pipeline.returns import posts

    with opened() as (_, connection):
        rows = connection.execute(
            f"""select community_code from returned.resident_register
            group by community_code having count(*) >= {LEAST_RESIDENTS} order by 1"""
        )
        communities = [code for (code,) in rows.fetchall()]
    made = []
    with open_ledger(settings) as ledger:
        for number in range(users):
            account, scope = f"reader{number:03d}", communities[number % len(communities)]
            posts.give(ledger, Post(account=account, role="clerk", scope=scope, given_by=accounts.GIVEN_BY))
            made.append((account, accounts.make(account, must_change=False), scope))
    return made


def _signed_in(address: str, keys: list[tuple[str, str, str]]) -> list[portal_reader.Reader]:
    """Return the readers, each signed in through the page for it."""
    from concurrent.futures import ThreadPoolExecutor

    readers = [portal_reader.Reader(address, scope, random.Random(number)) for number, (_, _, scope) in enumerate(keys)]
    with ThreadPoolExecutor(SIGN_INS_AT_ONCE) as pool:
        told = pool.map(lambda pair: pair[0].sign_in(pair[1][0], pair[1][1]), zip(readers, keys, strict=True))
        assert all(told), "somebody could not sign in"
    return readers


def _cpu_seconds(leader: int) -> float:
    """Return what gunicorn and its workers have used of the processors."""
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    ticks = 0
    for pid in (str(leader), *children):
        ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _percentile(values: list[float], part: float) -> float | None:
    return round(sorted(values)[min(int(len(values) * part), len(values) - 1)], 1) if values else None


if __name__ == "__main__":
    main()
