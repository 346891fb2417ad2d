"""Whose rows: every address, method and role, in one's own place, a sibling's, a parent's and a stranger's."""

import pytest

from jiceng_pipeline_tests.portal import routes
from jiceng_pipeline_tests.portal.foreign import Markers, text_of

ALWAYS_OPEN = {"login", "logout", "appearance"}


@pytest.fixture(scope="module")
def places(site):
    """Return the clerk's own community and the next one."""
    mine, other, *_ = routes.communities(site.settings)
    assert mine == site.community
    return routes.place(site.settings, mine), routes.place(site.settings, other)


@pytest.fixture(scope="module")
def markers(site):
    """Return all that tells one community's data from another's."""
    return Markers(site.settings)


@pytest.fixture(scope="module")
def stranger(site, places):
    """Return a community of another township."""
    code = next(code for code in routes.communities(site.settings) if code[:9] != places[0].code[:9])
    return routes.place(site.settings, code)


def test_every_address_declares_whom_it_is_for(site):
    assert [route for route, view in routes.patterns() if not hasattr(view, "scope")] == []


def test_an_address_without_a_guard_would_be_found(site):
    from django.urls import path

    assert not hasattr(path("new", lambda request: None).callback, "scope")


def test_nobody_sees_anything_without_signing_in(site, places, markers):
    client = site.client()
    for route, _ in routes.patterns():
        address = routes.filled(route, places[0].holes)
        for method in routes.METHODS:
            answer = getattr(client, method)(address)
            assert markers.foreign(text_of(answer), (), address) == set(), (method, address)
            if route not in ALWAYS_OPEN and "scope" in route:
                assert answer.status_code in ({401, 405} if route.startswith("api/") else {302}), (method, address)


def test_a_clerk_gets_no_byte_of_another_community_whatever_is_asked(site, places, markers):
    mine, other = places
    client = site.verified("clerk")
    prefixes = {other.code, mine.code[:9], mine.code[:6], mine.code[:4], mine.code[:2], "*"}
    for route, _ in routes.patterns():
        if route == "logout":
            continue
        for scope in (mine.code, *prefixes) if "<division:scope>" in route else {mine.code}:
            for place in (other, mine) if "<key:" in route else (mine,):
                address = routes.filled(route, {**place.holes, "scope": scope})
                for method in ("get", "post"):
                    answer = getattr(client, method)(address)
                    assert markers.foreign(text_of(answer), (mine.code,), address) == set(), (method, address)
                    if scope != mine.code:  # a session is no token: programs are answered 401
                        assert answer.status_code in {403, 404, 401, 405}, (method, address, answer.status_code)


def test_a_file_holds_no_byte_of_another_community(site, places, markers):
    mine, other = places
    client, names = site.verified("clerk"), routes.names(site.settings)
    got = 0
    for route in ("at/<division:scope>/download/<name:name>.<name:kind>", "at/<division:scope>/app/<name:name>.xlsx"):
        for address in routes.addresses(route, mine, mine.code, names):
            answer = client.get(address)
            text = text_of(answer)
            assert answer.status_code == 200, address
            assert markers.foreign(text, (mine.code,)) == set(), address
            got += bool(markers.foreign(text, (other.code,)))
    assert got > 5  # the markers are found where they do stand


def test_a_program_gets_no_byte_of_another_community(site, places, markers):
    from django.contrib.auth.models import User

    from jiceng_pipeline.portal import tokens

    mine, other = places
    token = {"Authorization": f"Bearer {tokens.make(User.objects.get(username='clerk'), 'scopes')}"}
    client, names = site.client(), {**routes.names(site.settings), "formats": ("csv", "parquet")}
    for route, _ in routes.patterns():
        if not route.startswith("api/v1/<scope>"):
            continue
        for scope in (mine.code, other.code, mine.code[:9], "*"):
            for place in places:
                for address in routes.addresses(route, place, scope, names):
                    answer = client.get(address, headers=token)
                    assert markers.foreign(text_of(answer), (mine.code,), address) == set(), address
                    own = scope == mine.code and (place is mine or "key" not in route)
                    assert (answer.status_code == 200) == own, (address, answer.status_code)


def test_a_township_gets_no_byte_of_another_township(site, places, stranger, markers):
    client, mine = site.verified("township"), places[0]
    division = mine.code[:9]
    for route, _ in routes.patterns():
        if "<division:scope>" not in route or "download" in route or ".xlsx" in route:
            continue
        for place in (mine, stranger) if "<key:" in route else (mine,):
            for scope in (division, stranger.code):
                address = routes.filled(route, {**place.holes, "scope": scope})
                answer = client.get(address)
                assert markers.foreign(text_of(answer), (division,), address) == set(), address
                if not scope.startswith(division):
                    assert answer.status_code in {403, 404, 405}, (address, answer.status_code)


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


def test_leave_to_read_some_rows_is_no_leave_to_read_the_work_of_the_place(site, places):
    from jiceng_pipeline.ledger.kinds.grant import Grant
    from jiceng_pipeline.ledger.kinds.post import Post
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.portal import accounts
    from jiceng_pipeline.returns import grants, posts

    who, system, at = "granted", "civil_affairs/subsistence_allowance", f"/at/{places[0].code}"
    accounts.make(who, must_change=False)
    rows = Grant(
        actor=who, scope=places[0].code, datasets=("resident_register",), elements=("name",), profiles=("check",),
        purposes="*", granted_by="operator",
    )  # fmt: skip
    with open_ledger(site.settings) as ledger:
        posts.give(ledger, Post(account=who, role="department", scope="*", systems=(system,), given_by="operator"))
        grants.give(ledger, rows)
    client = site.verified(who)
    assert client.get("/")["Location"] == "/tickets"
    assert client.get(f"{at}/register/resident_register").status_code == 200
    assert client.get(f"{at}/resident/{places[0].holes['key']}").status_code == 200
    for work in ("cases", "disputes", "tasks", "review"):
        assert client.get(f"{at}/{work}").status_code == 403, work
        assert client.get(f"{at}/{work}/{'0' * 12}").status_code in {403, 404}, work


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
