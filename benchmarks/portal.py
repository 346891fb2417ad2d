"""The portal under many readers: 200 users for ten minutes while two versions are published.

    python -m benchmarks.portal HOME [--users 200] [--minutes 10]

HOME is a synced home and is copied. Every user is signed in and clicks every few seconds: home, a register, a
dossier, now and then a workbook. The published version is made current anew twice meanwhile, as a sync does it.
Written to benchmarks/results/portal.json: users, minutes, requests, page_p95_ms, xlsx_p95_ms, errors.
"""

import argparse
import json
import os
import random
import shutil
import socket
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

RESULT = Path(__file__).with_name("results") / "portal.json"
PAUSE_SECONDS = (4.0, 12.0)  # between two clicks of one reader
WORKBOOK_SHARE = 0.05


def main() -> None:
    """Run it and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(asked.home, home, symlinks=True)
        found = measure(home, asked.users, asked.minutes)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def measure(home: Path, users: int, minutes: float) -> dict:
    """Serve the home, send the users, return the figures."""
    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.portal import configuration, server

    settings = Settings(home=home)
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts, caller

    accounts.demonstration(settings)
    scope = caller.of_account("clerk").divisions[0]
    sessions = _sessions(users)
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    taken: list[tuple[str, float, int]] = []
    ends = time.monotonic() + minutes * 60
    with server.running(settings, port):
        readers = [
            threading.Thread(target=_read, args=(f"http://{server.HOST}:{port}", scope, session, ends, taken, number))
            for number, session in enumerate(sessions)
        ]
        for reader in readers:
            reader.start()
        for _ in range(2):
            time.sleep(minutes * 60 / 3)
            _publish_again(settings)
        for reader in readers:
            reader.join()
    pages = sorted(took for kind, took, _ in taken if kind == "page")
    books = sorted(took for kind, took, _ in taken if kind == "xlsx")
    return {
        "users": users,
        "minutes": minutes,
        "publishes": 2,
        "requests": len(taken),
        "page_p95_ms": _p95(pages),
        "xlsx_p95_ms": _p95(books),
        "errors": sum(status >= 400 for _, _, status in taken),
        "cores": os.cpu_count(),
    }


def _sessions(users: int) -> list[str]:
    """Return the cookies of that many sessions of the demonstration clerk."""
    from django.contrib.auth.models import User
    from django.test import Client

    found = []
    for _ in range(users):
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(User.objects.get(username="clerk"), "django.contrib.auth.backends.ModelBackend")
        found.append(client.cookies["session"].value)
    return found


def _read(address: str, scope: str, session: str, ends: float, taken: list, number: int) -> None:
    chance = random.Random(number)
    with httpx.Client(base_url=address, cookies={"session": session}, timeout=60) as client:
        time.sleep(chance.uniform(0, PAUSE_SECONDS[1]))
        while time.monotonic() < ends:
            is_book = chance.random() < WORKBOOK_SHARE
            page = chance.choice(("", "/register/resident_register", "/verify", "/downloads", "/disputes"))
            where = f"/at/{scope}" + ("/download/resident_register.xlsx" if is_book else page)
            began = time.perf_counter()
            try:
                status = client.get(where).status_code
            except httpx.HTTPError:
                status = 599
            taken.append(("xlsx" if is_book else "page", (time.perf_counter() - began) * 1_000, status))
            time.sleep(chance.uniform(*PAUSE_SECONDS))


def _publish_again(settings) -> None:
    """Put a copy of the version beside it under a later name, and make that current by one rename."""
    served = (settings.published / "current").resolve()
    copy = (
        settings.published / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.000000Z-{served.name.rpartition('-')[2]}"
    )
    shutil.copytree(served, copy)
    draft = settings.published / ".current.benchmark"
    draft.symlink_to(copy.name)
    draft.replace(settings.published / "current")


def _p95(values: list[float]) -> float | None:
    return round(values[int(len(values) * 0.95)], 1) if values else None


if __name__ == "__main__":
    main()
