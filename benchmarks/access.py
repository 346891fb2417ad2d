"""Whose bytes: every address × method × role × (own, other, parent, sibling scope), and what hostile input comes to.

    python -m benchmarks.access HOME

HOME is a synced home of several communities and is copied. A byte is foreign where a page holds an id number, a phone
or a surrogate key of a resident outside the divisions of who asks. Written to benchmarks/results/access.json:
routes, combinations, foreign_bytes (0 wanted), payloads, hits (0 wanted).
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

RESULT = Path(__file__).with_name("results") / "access.json"


def main() -> None:
    """Run it and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(asked.home, home, symlinks=True)
        found = measure(home)
    known = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
    RESULT.write_text(json.dumps({**known, **found}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def measure(home: Path) -> dict:
    """Walk everything and return the figures."""
    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.portal import configuration

    settings = Settings(home=home, memory_limit="1GB", threads=1)
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts, caller
    from jiceng_pipeline_tests.portal import routes
    from jiceng_pipeline_tests.portal.payloads import PAYLOADS
    from jiceng_pipeline_tests.portal.test_scopes import body

    accounts.demonstration(settings)
    own, other = (routes.place(settings, code) for code in routes.communities(settings)[:2])
    addresses = [route for route, _ in routes.patterns() if route not in {"logout", "appearance"}]
    combinations, foreign, wrong = 0, 0, []
    for role in (None, *routes.ROLES):
        divisions = caller.of_account(role).divisions if role else ()
        canaries = {
            canary for place in (own, other) if not any(place.code.startswith(each) for each in divisions)
            for canary in place.canaries
        }  # fmt: skip
        client = _client(role)
        for route in addresses:
            scopes = {own.code, other.code, own.code[:9], own.code[:6], own.code[:4], "*"}
            for scope in scopes if "<division:scope>" in route or "{scope}" in route else {own.code}:
                address = routes.filled(route, {**other.holes, "scope": scope})
                for method in routes.METHODS:
                    text = body(getattr(client, method)(address))
                    combinations += 1
                    if any(canary in text for canary in canaries):
                        foreign += 1
                        wrong.append(f"{role} {method} {route} {scope[:12]}")
    hits = _hits(_client("clerk"), own.code, PAYLOADS)
    return {
        "routes": len(addresses),
        "combinations": combinations,
        "foreign_bytes": foreign,
        "payloads": len(set(PAYLOADS)),
        "hits": len(hits),
        "found": [*wrong, *hits],
    }


def _client(role: str | None):
    from django.contrib.auth.models import User
    from django.test import Client
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_static.models import StaticDevice

    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    if role:
        user = User.objects.get(username=role)
        device, _ = StaticDevice.objects.get_or_create(user=user, defaults={"name": "paper"})
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return client


def _hits(client, scope: str, payloads: list[str]) -> list[str]:
    from jiceng_pipeline_tests.portal.test_injection import told

    found = []
    for payload in payloads:
        hole = quote(payload, safe="")
        for address in (f"/at/{scope}/find?q={hole}", f"/at/{scope}/register/{hole}", f"/at/{hole}"):
            if told(client.get(address), payload):
                found.append(f"payload {payloads.index(payload)} in {address.split('?')[0][:30]}")
    return found


if __name__ == "__main__":
    main()
