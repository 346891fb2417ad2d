"""Every page of the portal before axe: three widths, two print sizes, and its normal, empty and error states.

    python -m benchmarks.accessibility HOME

HOME is a synced home and is copied. Needs the Debian package chromium. Pages are found, not listed: every address that
answers with a page to one of the accounts, and what those lead to. The empty state of a page is the same page of a
community nobody lives in, its error state what comes of sending its form without filling it in. A page is loaded once
for each print size and looked at in all widths. Written to benchmarks/results/accessibility.json: pages, states,
checks, violations (0 wanted), and what they were.
"""

import argparse
import os
import re
import shutil
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import result

WIDTHS, SIZES = (1366, 360, 320), ("normal", "big")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
FORM = "main form[novalidate]"  # those one fills in
LEFT_ALONE, LINKS_TRIED = {"logout", "appearance"}, 2


@dataclass(frozen=True)
class State:
    """A page in a state, as an account sees it."""

    account: str | None
    address: str
    state: str


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
    result.write("accessibility", found)


def measure(home: Path) -> dict:
    """Walk every state and return the figures."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.portal import configuration, server

    settings = Settings(home=home)
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts

    accounts.demonstration(settings)
    states, began = _states(settings), time.monotonic()
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    address, against, script = f"http://{server.HOST}:{port}", [], Axe().axe_script
    with server.running(settings, port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        # what an error leads to may end a session, so errors come last
        for account in dict.fromkeys(each.account for each in states):
            for size in SIZES:
                context = browser.new_context(base_url=address)
                context.add_cookies(_cookies(account, size, address))
                page = context.new_page()
                mine = [each for each in states if each.account == account]
                for state in sorted(mine, key=lambda each: each.state == "error"):
                    against += _looked_at(page, state, size, script)
                context.close()
        browser.close()
    return {
        "pages": len({each.address for each in states if each.state != "empty"}),
        "states": len(states),
        "by_state": {name: sum(each.state == name for each in states) for name in ("normal", "empty", "error")},
        "widths": list(WIDTHS),
        "sizes": list(SIZES),
        "checks": len(states) * len(WIDTHS) * len(SIZES),
        "violations": len(against),
        "seconds": round(time.monotonic() - began),
        "found": against,
    }


def _looked_at(page, state: State, size: str, script: str) -> list[str]:
    """Return what is wrong with a page in one print size, in all widths."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 768})
    page.goto(state.address)
    if state.state == "error":
        page.locator(FORM).first.locator("button").last.click()
        page.wait_for_load_state()
    page.evaluate(script)
    told = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 768})
        found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
        told += [f"{state.address} {state.state} {width} {size}: {_said(each)}" for each in found]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            told.append(f"{state.address} {state.state} {width} {size}: sideways scroll")
    return told


def _said(violation: dict) -> str:
    """Return the rule and where it is broken first, without what stands there."""
    return f"{violation['id']} {' '.join(map(str, violation['nodes'][0]['target']))[:120]}"


def _states(settings) -> list[State]:
    """Return every page there is in every state it has, each as the first account that may see it."""
    from jiceng_pipeline_tests.portal import routes

    own = routes.communities(settings)[0]
    clients = {account: _client(account) for account in (None, *routes.ROLES)}
    _doubt(clients["clerk"], routes.place(settings, own))
    _subscribe(clients["clerk"], settings, own)
    found = []
    for account, address, text in _pages(settings, clients, own):
        found.append(State(account, address, "normal"))
        if "novalidate" in text.partition("<main")[2]:
            found.append(State(account, address, "error"))
    for account, scope in (("township", own[:9]), ("county", own[:6]), ("city", own[:4])):
        found.append(State(account, f"/at/{scope}", "normal"))
    empty = [
        each.address.replace(own, _empty(settings)) for each in found if each.state == "normal" and own in each.address
    ]
    found += [State("city", address, "empty") for address in empty if _page(clients["city"], address)]
    return [*found, State("clerk", f"/at/{own}/find?q=zzzz", "empty"), State("clerk", "/nothing", "error page")]


def _pages(settings, clients, own: str):
    """Yield (account, address, text) of every page: addresses filled in, then links to what is not among them."""
    from jiceng_pipeline_tests.portal import routes

    names = {**routes.names(settings), "unmasked": ("resident_register",)}
    place, shown, tried = routes.place(settings, own), set(), Counter()
    waiting = deque(
        (route, address)
        for route, _ in routes.patterns()
        if _is_page(route)
        for address in routes.addresses(route, place, own, names)
    )
    known = {address for _, address in waiting}
    while waiting:
        route, address = waiting.popleft()
        texts = ((account, _page(client, address)) for account, client in clients.items())
        account, text = next(((account, text) for account, text in texts if text), (None, ""))
        if not text:
            continue
        shown.add(route)
        yield account, address, text
        for link in dict.fromkeys(re.findall(r'href="(/[^"?#]*)"', text)):
            leads = _route(link)
            if _is_page(leads) and link not in known and leads not in shown and tried[leads] < LINKS_TRIED:
                tried[leads] += 1
                known.add(link)
                waiting.append((leads, link))


def _is_page(route: str) -> bool:
    return route not in LEFT_ALONE and not route.startswith(("api/", "static/")) and "<name:kind>" not in route


def _route(link: str) -> str:
    from django.urls import Resolver404, resolve

    try:
        return resolve(link).route
    except Resolver404:
        return "static/"


def _doubt(client, place) -> None:
    """Doubt one cell, so that there is a dispute to look at."""
    client.post(
        f"/at/{place.code}/resident/{place.ids['resident']}/phone/dispute",
        {"believed": "13800000000", "basis": "本人说的", "sent": "1"},
    )


def _subscribe(client, settings, own: str) -> None:
    """Subscribe and have it delivered, so that there is a subscription with a receipt to look at."""
    import yaml

    from jiceng_pipeline.exchange import delivery

    folder = settings.home / "out"
    folder.mkdir(exist_ok=True)
    target = {"way": "folder", "folder": str(folder), "title": "社区的共享盘", "for": "clerk"}
    settings.subscribers.write_text(yaml.safe_dump({"disk": target}, allow_unicode=True))
    wanted = {"elements": ["name", "sex_code"], "scope": own, "cadence": "daily", "target": "disk"}
    client.post("/subscribe/resident_register/check", wanted)
    delivery.deliver(settings, now=True)


def _page(client, address: str) -> str:
    """Return the page as text; nothing where the answer is none."""
    answer = client.get(address)
    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    return answer.content.decode() if is_page else ""


def _empty(settings) -> str:
    """Return a community of the clerk's city nobody lives in as far as anybody knows."""
    from jiceng_pipeline.returns import communities
    from jiceng_pipeline_tests.portal import routes

    lived_in = routes.communities(settings)
    present = communities.present(settings)
    return next(code for code in sorted(present) if code not in lived_in and code[:4] == lived_in[0][:4])


def _client(account: str | None):
    from django.contrib.auth.models import User
    from django.test import Client
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_static.models import StaticDevice

    client = Client(SERVER_NAME="127.0.0.1")
    if account:
        user = User.objects.get(username=account)
        device, _ = StaticDevice.objects.get_or_create(user=user, defaults={"name": "paper"})
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return client


def _cookies(account: str | None, size: str, address: str) -> list[dict]:
    """Return the print size, and a session of the account that has given its second factor."""
    found = [{"name": "appearance", "value": f"{size}.zh", "url": address}]
    if account:
        found.append({"name": "session", "value": _client(account).cookies["session"].value, "url": address})
    return found


if __name__ == "__main__":
    main()
