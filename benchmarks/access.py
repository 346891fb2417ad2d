"""Whose bytes: every address × method × role × scope with keys of one's own and of others, and what hostile input does.

    python -m benchmarks.access HOME

HOME is a synced home of several communities and is copied; a simulated community does. Everybody asks for everything:
nobody signed in, and each kind of post, by session with the second factor given and, of the interface for programs, by
token. The scopes are one's own community, its sister, one of another township, the divisions above and all; the keys
in the addresses are those of each of the three communities in turn. All that comes back is searched for what belongs to
communities outside the divisions of who asks (`jiceng_pipeline_tests/portal/foreign.py` says what that is). Written to
benchmarks/results/access.json: routes, combinations, foreign_bytes (0 wanted), payloads, hits (0 wanted).
"""

import argparse
import shutil
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from benchmarks import result

LEFT_ALONE = {"logout", "appearance", "password", "second-factor/new", "second-factor/codes"}  # they end the session


def main() -> None:
    """Run it and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(asked.home, home, symlinks=True)
        found = measure(home)
    result.write("access", found)


def measure(home: Path) -> dict:
    """Walk everything and return the figures."""
    from jiceng_pipeline.core.settings import Settings
    from jiceng_pipeline.portal import configuration

    settings = Settings(home=home, memory_limit="1GB", threads=1)
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts
    from jiceng_pipeline_tests.portal import routes
    from jiceng_pipeline_tests.portal.foreign import Markers
    from jiceng_pipeline_tests.portal.payloads import PAYLOADS

    began = time.process_time()
    accounts.demonstration(settings)
    markers, places = Markers(settings), _places(settings)
    walked = [Walk(role, markers, places, routes.names(settings)) for role in (None, *routes.ROLES)]
    for walk in walked:
        walk.everywhere()
    hits = _hits(walked[1].client, places[0].code, PAYLOADS)
    statuses = sum((walk.statuses for walk in walked), Counter())
    return {
        "routes": len({route for route, _ in routes.patterns()} - LEFT_ALONE),
        "roles": len(walked),
        "markers": len(markers.owner),
        "combinations": sum(walk.asked for walk in walked),
        "foreign_bytes": sum(len(walk.wrong) for walk in walked),
        "server_errors": sum(count for status, count in statuses.items() if status >= 500),
        "payloads": len(set(PAYLOADS)),
        "hits": len(hits),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "cpu_seconds": round(time.process_time() - began),
        "found": [*(each for walk in walked for each in walk.wrong), *hits],
    }


class Walk:
    """One kind of account, asking for everything."""

    def __init__(self, role, markers, places, names) -> None:
        from jiceng_pipeline.portal import caller

        self.role, self.client = role, _client(role)
        self._divisions = caller.of_account(role).divisions if role else ()
        self._markers, self._places, self._names = markers, places, names
        self.asked, self.statuses, self.wrong = 0, Counter(), []

    def everywhere(self) -> None:
        """Ask for every address with every method, in every scope, with every place's keys."""
        from jiceng_pipeline_tests.portal import routes

        own = self._places[0].code
        scopes = [*(place.code for place in self._places), own[:9], own[:6], own[:4], "*"]
        for route, _ in routes.patterns():
            if route in LEFT_ALONE:
                continue
            for scope in scopes if "scope>" in route else scopes[:1]:
                for place in self._places if "key" in route else self._places[:1]:
                    for number, address in enumerate(routes.addresses(route, place, scope, self._names)):
                        # a name or format more is one more answer to read, not one more way to ask
                        self._ask(address, routes.METHODS if number == 0 else ("get",))

    def _ask(self, address: str, methods) -> None:
        from jiceng_pipeline_tests.portal.foreign import text_of

        for method in methods:
            answer = getattr(self.client, method)(address)
            found = self._markers.foreign(text_of(answer), self._divisions, address)
            self.asked += 1
            self.statuses[answer.status_code] += 1
            if found:
                kinds = sorted({"key" if len(each) == 32 else f"{len(each)} signs" for each in found})
                self.wrong.append(f"{self.role} {method} {address[:60]}: {len(found)} ({', '.join(kinds)})")


def _places(settings):
    """Return the clerk's community, a sister of it, and one of another township, each the fullest."""
    from jiceng_pipeline_tests.portal import routes

    own, *others = routes.communities(settings)
    sister = next(code for code in others if code[:9] == own[:9])
    stranger = next(code for code in others if code[:9] != own[:9])
    return [routes.place(settings, code) for code in (own, sister, stranger)]


def _client(role: str | None):
    from django.contrib.auth.models import User
    from django.test import Client
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_static.models import StaticDevice

    from jiceng_pipeline.portal import tokens

    if role is None:
        return Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    user = User.objects.get(username=role)
    client = Client(
        SERVER_NAME="127.0.0.1", raise_request_exception=False,
        HTTP_AUTHORIZATION=f"Bearer {tokens.make(user, 'access')}",
    )  # fmt: skip
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
        for address in (f"/at/{scope}/find?q={hole}", f"/at/{scope}/register/resident_register?q={hole}",
                        f"/at/{scope}/register/{hole}", f"/at/{hole}", f"/login?next={hole}"):  # fmt: skip
            if told(client.get(address), payload):
                found.append(f"payload {payloads.index(payload)} in {address.split('?')[0][:30]}")
    return found


if __name__ == "__main__":
    main()
