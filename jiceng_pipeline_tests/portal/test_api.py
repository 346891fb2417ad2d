"""The interface for programs: scoped like the account, audited, resumable."""

import json
import shutil

import pytest

from jiceng_pipeline_tests.portal import routes


@pytest.fixture(scope="module")
def token(site):
    from django.contrib.auth.models import User

    from jiceng_pipeline.portal import tokens

    return tokens.make(User.objects.get(username="clerk"), "测试程序")


@pytest.fixture
def call(site, token):
    client = site.client()

    def get(address, **headers):
        return client.get(f"/api/v1{address}", headers={"Authorization": f"Bearer {token}", **headers})

    return get


def test_without_a_token_that_holds_nothing_is_answered(site):
    client = site.client()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic Y2xlcms6eA=="}):
        assert client.get("/api/v1/datasets", headers=headers).status_code == 401


def test_a_session_is_no_token(site):
    assert site.client("clerk").get("/api/v1/datasets").status_code == 401


def test_the_interface_describes_itself(call):
    told = json.loads(call("/openapi.json").content)
    assert any(path.endswith("/rows") for path in told["paths"])


def test_rows_are_masked_and_of_ones_own_community_alone(site, call):
    other = routes.communities(site.settings)[1]
    mine = json.loads(call(f"/{site.community}/resident_register/rows?limit=5").content)
    assert len(mine["rows"]) == 5
    assert all("*" in row["name"] for row in mine["rows"])
    assert call(f"/{other}/resident_register/rows").status_code == 403
    assert call("/*/resident_register/rows").status_code in {400, 403}
    assert call(f"/{site.community}/no_such_dataset/rows").status_code == 404


def test_an_entity_tells_the_source_of_its_cells(site, call):
    key = routes.place(site.settings, site.community).holes["key"]
    told = json.loads(call(f"/{site.community}/resident/{key}").content)
    name = next(cell for cell in told["cells"] if cell["element"] == "name")
    assert "*" in name["value"]
    other = routes.place(site.settings, routes.communities(site.settings)[1]).holes["key"]
    assert call(f"/{site.community}/resident/{other}").status_code == 404


def test_a_download_that_broke_off_goes_on_where_it_was(site, call):
    address = f"/{site.community}/resident_register/package.csv"
    whole = call(address)
    content = b"".join(whole.streaming_content)
    etag = whole["ETag"]
    rest = call(address, Range="bytes=100-", **{"If-Range": etag})
    assert rest.status_code == 206
    assert content[:100] + rest.content == content
    assert call(address, **{"If-None-Match": etag}).status_code == 304
    beyond = call(address, Range=f"bytes={len(content)}-")
    assert beyond.status_code == 416


def test_a_file_that_was_made_anew_meanwhile_is_not_gone_on_with(site, call):
    address = f"/{site.community}/resident_register/package.xlsx"
    first = call(address)
    etag, _ = first["ETag"], b"".join(first.streaming_content)
    shutil.rmtree(site.settings.home / "portal" / "packages")  # as after an hour
    rest = call(address, Range="bytes=100-", **{"If-Range": etag})
    assert rest.status_code == 200, "the end of another file"
    assert b"".join(rest.streaming_content).startswith(b"PK")
    assert call(address, **{"If-None-Match": etag}).status_code == 304, "of the same version"


def test_a_package_that_is_being_written_is_handed_to_nobody(site, call):
    address = f"/{site.community}/household_register/package.csv"
    whole = b"".join(call(address).streaming_content)
    for folder in (site.settings.home / "portal" / "packages").iterdir():
        (folder / ".half.csv").write_bytes(b"half")
    assert b"".join(call(address).streaming_content) == whole


def test_a_package_does_not_outlive_the_leave_it_was_made_under(site):
    from django.contrib.auth.models import User

    from jiceng_pipeline.ledger.kinds.grant import Grant
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.portal import accounts, tokens
    from jiceng_pipeline.returns import grants

    accounts.make("program")
    bearer = {"Authorization": f"Bearer {tokens.make(User.objects.get(username='program'), '程序')}"}
    address = f"/api/v1/{site.community}/resident_register/package.csv"
    common = {"actor": "program", "scope": site.community, "datasets": ("resident_register",), "purposes": "*"}
    wide = Grant(**common, profiles=("check",), granted_by="operator")
    narrow = wide.model_copy(update={"elements": ("name",)})
    headings = []
    with open_ledger(site.settings) as ledger:
        for grant in (wide, narrow):
            given = grants.give(ledger, grant)
            file = b"".join(site.client().get(address, headers=bearer).streaming_content)
            headings.append(file.decode("utf-8-sig").splitlines()[0])
            grants.end(ledger, given.subject, "operator")
    assert "公民身份号码" in headings[0]
    assert "公民身份号码" not in headings[1]


def test_a_place_too_far_on_is_an_empty_page(site, call):
    told = call(f"/{site.community}/resident_register/rows?offset={10**30}")
    assert (told.status_code, json.loads(told.content)["rows"]) == (200, [])


def test_an_ended_token_opens_nothing(site):
    from django.contrib.auth.models import User

    from jiceng_pipeline.portal import tokens

    user = User.objects.get(username="township")
    made = tokens.make(user, "旧程序")
    tokens.end(user, user.tokens.first().pk)
    assert site.client().get("/api/v1/datasets", headers={"Authorization": f"Bearer {made}"}).status_code == 401


def test_what_a_program_reads_is_audited_as_such(site, call):
    from jiceng_pipeline.ledger.store import open_ledger
    from jiceng_pipeline.returns import audit_trail

    call(f"/{site.community}/household_register/rows")
    with open_ledger(site.settings) as ledger:
        last = next(audit_trail.backwards(ledger, "clerk"))
    assert (last.body.channel, last.body.outcome, last.body.dataset) == ("api", "served", "household_register")
