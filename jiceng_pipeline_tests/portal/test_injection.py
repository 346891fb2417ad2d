"""What is typed stays what was typed: no payload is run, shown raw, put into a header or reaches a file."""

from urllib.parse import quote

import pytest

from jiceng_pipeline_tests.portal import routes
from jiceng_pipeline_tests.portal.payloads import PAYLOADS

_LEAKS = ("root:x:0", "Traceback", "duckdb", "SECRET_KEY", "sqlite3", "BinderException")


@pytest.fixture(scope="module")
def clerk(site):
    return site.verified("clerk")


def told(answer, payload):
    """Return what is wrong with an answer to a payload."""
    text = answer.content.decode("utf-8", errors="replace")
    found = [leak for leak in _LEAKS if leak in text and leak not in payload]
    if answer.status_code >= 500:
        found.append(str(answer.status_code))
    if "<" in payload and payload in text:
        found.append("raw markup")
    if "62615533" in text:
        found.append("a template was run")
    if "X-Injected" in answer or "evil.example" in answer.get("Location", "").partition("?")[0]:
        found.append("header")
    return found


def test_there_are_more_than_two_hundred():
    assert len(set(PAYLOADS)) >= 200


def test_typed_into_a_search(site, clerk):
    at = f"/at/{site.community}"
    found = {}
    for number, payload in enumerate(PAYLOADS):
        places = ("find", "register/to_verify") if number % 4 == 0 else ("find",)
        for address in (f"{at}/{each}?q={quote(payload)}" for each in places):
            if wrong := told(clerk.get(address), payload):
                found[payload] = wrong
    assert found == {}


def test_put_into_an_address(site, clerk):
    at, found = f"/at/{site.community}", {}
    for payload in PAYLOADS[::5]:
        hole = quote(payload, safe="")
        for address in (f"/at/{hole}", f"{at}/register/{hole}", f"{at}/download/{hole}.xlsx", f"{at}/resident/{hole}",
                        f"/static/{hole}", f"{at}/register/resident_register?page={hole}"):  # fmt: skip
            if wrong := told(clerk.get(address), payload):
                found[address] = wrong
    assert found == {}


def test_written_into_a_dispute_it_comes_back_as_text(site, clerk):
    key = routes.place(site.settings, site.community).holes["key"]
    found = {}
    for payload in PAYLOADS[::9]:
        answer = clerk.post(
            f"/at/{site.community}/resident/{key}/phone/dispute", {"believed": payload, "basis": "本人说的"}
        )
        if wrong := told(answer, payload):
            found[payload] = wrong
    assert found == {}


def test_a_host_that_is_not_ours_is_refused(site):
    assert site.client().get("/login", headers={"Host": "evil.example"}).status_code == 400
