"""Every page of the portal before axe: three widths, two print sizes, and its normal, empty and error states.

    python -m benchmarks.accessibility HOME

HOME is a synced home and is copied. Needs the Debian package chromium. Written to benchmarks/results/
accessibility.json: pages, states, checks, violations (0 wanted), and what they were.
"""

import argparse
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

RESULT = Path(__file__).with_name("results") / "accessibility.json"
WIDTHS, SIZES = (1366, 360, 320), ("normal", "big")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def main() -> None:
    """Run it and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    asked = parser.parse_args()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(asked.home, home, symlinks=True)
        found = measure(home)
    RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def measure(home: Path) -> dict:
    """Walk every state and return the figures."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.portal import configuration, server

    settings = Settings(home=home)
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts, caller

    accounts.demonstration(settings)
    scope = caller.of_account("clerk").divisions[0]
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    address, against, checks = f"http://{server.HOST}:{port}", [], 0
    states = _states(settings, scope)
    with server.running(settings, port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for width in WIDTHS:
            for size in SIZES:
                for account, page_address, state in states:
                    context = browser.new_context(viewport={"width": width, "height": 768}, base_url=address)
                    context.add_cookies(_cookies(account, size, address))
                    page = context.new_page()
                    page.goto(page_address)
                    if state == "error":
                        page.locator("main form button").last.click()
                    found = Axe().run(page, options=RULES).response["violations"]
                    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    told = [each["id"] for each in found] + (["sideways scroll"] if wide > 0 else [])
                    against += [f"{page_address} {state} {width} {size}: {each}" for each in told]
                    checks += 1
                    context.close()
        browser.close()
    return {
        "pages": len({page for _, page, _ in states}),
        "states": len(states),
        "widths": list(WIDTHS),
        "sizes": list(SIZES),
        "checks": checks,
        "violations": len(against),
        "found": against,
    }


def _states(settings, scope: str) -> list[tuple[str | None, str, str]]:
    from jiceng_pipeline.warehouse import publish
    from jiceng_pipeline.warehouse.connection import connect

    with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
        resident, household = connection.execute(
            """select resident_id, household_id from returned.resident_register
            where community_code = ? and household_id is not null order by resident_id limit 1""",
            [scope],
        ).fetchall()[0]
    at = f"/at/{scope}"
    clerk = [
        (at, "normal"), (f"{at}/registers", "normal"), (f"{at}/register/resident_register", "normal"),
        (f"{at}/register/household_register", "normal"), (f"{at}/register/enterprise_register", "normal"),
        (f"{at}/register/dwelling_register", "normal"), (f"{at}/register/to_verify", "normal"),
        (f"{at}/register/changes", "empty"), (f"{at}/find", "normal"), (f"{at}/find?q=zzzz", "empty"),
        (f"{at}/downloads", "normal"), (f"{at}/unmasked/resident_register", "error"), (f"{at}/verify", "normal"),
        (f"{at}/review", "normal"), (f"{at}/disputes", "empty"), (f"{at}/pictures", "normal"), (f"{at}/apps", "normal"),
        (f"{at}/app/elderly_living_alone_visit", "normal"), (f"{at}/forms", "empty"), (f"{at}/forms/upload", "error"),
        (f"{at}/resident/{resident}", "normal"), (f"{at}/household/{household}", "normal"),
        (f"{at}/resident/{resident}/phone", "normal"), (f"{at}/resident/{resident}/phone/dispute", "normal"),
        (f"{at}/resident/{resident}/phone/dispute", "error"), ("/me", "normal"), ("/password", "error"),
        ("/tokens", "error"), ("/nothing", "error page"),
    ]  # fmt: skip
    others = [
        ("township", f"/at/{scope[:9]}", "normal"), ("county", f"/at/{scope[:6]}", "normal"),
        ("city", f"/at/{scope[:4]}", "normal"), ("department", "/tickets", "normal"),
        ("department", "/disputes", "empty"), ("system_admin", "/accounts", "normal"),
        ("security_admin", "/posts", "normal"), ("audit_admin", "/audit", "normal"),
        (None, "/login", "normal"), (None, "/login", "error"), (None, "/practice", "normal"),
        (None, "/practice/3", "normal"), (None, "/guide", "normal"),
    ]  # fmt: skip
    return [*(("clerk", page, "normal" if state == "error page" else state) for page, state in clerk), *others]


def _cookies(account: str | None, size: str, address: str) -> list[dict]:
    """Return the print size, and a session of the account that has given its second factor."""
    found = [{"name": "appearance", "value": f"{size}.zh", "url": address}]
    if account:
        from django.contrib.auth.models import User
        from django.test import Client
        from django_otp import DEVICE_ID_SESSION_KEY
        from django_otp.plugins.otp_static.models import StaticDevice

        user = User.objects.get(username=account)
        device, _ = StaticDevice.objects.get_or_create(user=user, defaults={"name": "paper"})
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
        found.append({"name": "session", "value": client.cookies["session"].value, "url": address})
    return found


if __name__ == "__main__":
    main()
