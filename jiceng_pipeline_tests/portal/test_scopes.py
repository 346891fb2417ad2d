"""Whose rows: every address, method and role, in one's own place, a sibling's, a parent's and a stranger's."""

import pytest

from jiceng_pipeline_tests.portal import routes

ALWAYS_OPEN = {"login", "logout", "appearance"}


@pytest.fixture(scope="module")
def places(site):
    """Return the clerk's own community and the next one."""
    mine, other, *_ = routes.communities(site.settings)
    assert mine == site.community
    return routes.place(site.settings, mine), routes.place(site.settings, other)


def test_every_address_declares_whom_it_is_for(site):
    assert [route for route, view in routes.patterns() if not hasattr(view, "scope")] == []


def test_an_address_without_a_guard_would_be_found(site):
    from django.urls import path

    assert not hasattr(path("new", lambda request: None).callback, "scope")


def test_nobody_sees_anything_without_signing_in(site, places):
    client = site.client()
    for route, _ in routes.patterns():
        address = routes.filled(route, places[0].holes)
        for method in routes.METHODS:
            answer = getattr(client, method)(address)
            text = body(answer)
            assert not any(canary in text for canary in places[0].canaries), (method, address)
            if route not in ALWAYS_OPEN and "scope" in route:
                assert answer.status_code in ({401, 405} if route.startswith("api/") else {302}), (method, address)


def test_a_clerk_gets_no_byte_of_another_community_whatever_is_asked(site, places):
    mine, other = places
    client = site.verified("clerk")
    foreign = other.canaries - mine.canaries
    prefixes = {other.code, mine.code[:9], mine.code[:6], mine.code[:4], mine.code[:2], "*"}
    for route, _ in routes.patterns():
        if route == "logout":
            continue
        for scope in prefixes if "<division:scope>" in route else {mine.code}:
            for holes in ({**other.holes, "scope": scope}, {**mine.holes, "scope": scope}):
                address = routes.filled(route, holes)
                for method in ("get", "post"):
                    answer = getattr(client, method)(address)
                    text = body(answer)
                    assert not any(canary in text for canary in foreign), (method, address)
                    if scope != mine.code:  # a session is no token: programs are answered 401
                        assert answer.status_code in {403, 404, 401, 405}, (method, address, answer.status_code)


def test_ids_of_another_community_are_not_found_in_ones_own(site, places):
    mine, other = places
    client = site.verified("clerk")
    for element in ("", "/phone", "/phone/dispute"):
        assert client.get(f"/at/{mine.code}/resident/{other.holes['key']}{element}").status_code == 404
    before = _events(site, "dispute") + _events(site, "intake")
    client.post(f"/at/{mine.code}/resident/{other.holes['key']}/phone/dispute", {"basis": "本人说的", "sent": "1"})
    client.post(f"/at/{mine.code}/resident/{other.holes['key']}/phone/verify")
    assert _events(site, "dispute") + _events(site, "intake") == before


@pytest.mark.parametrize(("account", "digits"), [("township", 9), ("county", 6), ("city", 4)])
def test_who_is_above_sees_what_lies_below_and_nothing_beside(site, places, account, digits):
    client, code = site.client(account), places[0].code
    assert client.get(f"/at/{code[:digits]}").status_code == 200
    assert client.get(f"/at/{code}/register/resident_register").status_code == 200
    beside = str(int(code[:digits]) + 1)
    assert client.get(f"/at/{beside}").status_code == 403
    assert client.get(f"/at/{code[: digits - (3 if digits > 6 else 2)]}").status_code == 403


@pytest.mark.parametrize("account", ["department", "system_admin", "security_admin", "audit_admin"])
def test_who_holds_no_post_over_people_sees_no_people(site, places, account):
    client = site.verified(account)
    for route, _ in routes.patterns():
        if "<division:scope>" in route:
            answer = client.get(routes.filled(route, places[0].holes))
            assert answer.status_code == 403, route


def test_the_three_administrators_cannot_do_each_others_work(site):
    own = {"system_admin": "/accounts", "security_admin": "/posts", "audit_admin": "/audit"}
    for account, page in own.items():
        client = site.verified(account)
        assert client.get(page).status_code == 200
        for other in set(own.values()) - {page}:
            assert client.get(other).status_code == 403
            assert client.post(other, {"account": "x", "what": "make"}).status_code == 403


def test_knocking_at_a_strangers_door_is_written_down(site, places):
    before = _denied(site)
    site.client("clerk").get(f"/at/{places[1].code}")
    assert _denied(site) == before + 1


def _events(site, kind):
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(site.settings) as ledger:
        return sum(1 for _ in ledger.events(kind))


def _denied(site):
    from jiceng_pipeline.ledger import views
    from jiceng_pipeline.ledger.kinds.audit import Audit
    from jiceng_pipeline.ledger.store import open_ledger

    with open_ledger(site.settings) as ledger:
        return sum(entry.body.outcome == "denied" for entry in views.entries(ledger, Audit))


def body(answer):
    """Return what came, as text."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", errors="replace")
