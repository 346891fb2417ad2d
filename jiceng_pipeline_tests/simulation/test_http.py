"""The health platform's interface: pages for who has the token, and now and then a refusal."""

from itertools import pairwise

import httpx
import pytest
import yaml

from jiceng_pipeline.simulation.http_service import EVERY

HEALTH = "health/resident_health_record"


@pytest.fixture(scope="module")
def address(city):
    return yaml.safe_load(city.connections.read_text("utf-8"))[HEALTH]


@pytest.fixture
def client(address):
    headers = {"Authorization": f"Bearer {address['token']}"}
    with httpx.Client(base_url=address["url"], headers=headers, trust_env=False, timeout=10) as client:
        yield client


def get(client, **query):
    """Ask until the service does not refuse."""
    while (answer := client.get("/api/v1/records", params=query)).status_code in {429, 503}:
        pass
    return answer


def test_without_the_token_there_is_nothing(address):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": address["token"]}):
        answer = httpx.get(f"{address['url']}/api/v1/records", headers=headers, trust_env=False)
        assert answer.status_code == 401
        assert "data" not in answer.json()


def test_the_pages_hold_every_record_once(client):
    first = get(client, page=1, size=500).json()
    assert (first["code"], first["page"], len(first["data"])) == (0, 1, 500)
    pages = [get(client, page=page, size=500).json()["data"] for page in range(1, first["total"] // 500 + 2)]
    keys = [record["archiveNo"] for page in pages for record in page]
    assert len(set(keys)) == len(keys) == first["total"]
    assert get(client, page=9999, size=500).json()["data"] == []


def test_a_record_is_as_the_platform_has_it(client):
    records = get(client, page=1, size=1000).json()["data"]
    record = records[0]
    assert len(record["archiveNo"]) == 17
    assert {record["hypertension"], record["diabetes"]} <= {0, 1}
    assert {each["village"] for each in records if each["village"]} >= {"虹桥社区", "虹东社区"}
    assert any(each["mobile"] is None for each in records)
    assert any(each["idCard"] == "" for each in records)


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"size": 0}, {"size": 5000}, {"page": -1, "size": 10}])
def test_what_makes_no_sense_is_refused_politely(client, query):
    answer = get(client, **query)
    assert answer.status_code == 200
    assert answer.json()["code"] == 400


def test_about_every_twentieth_request_is_refused(client):
    answers = [client.get("/api/v1/records", params={"size": 1}) for _ in range(4 * EVERY)]
    refused = [(place, answer.status_code) for place, answer in enumerate(answers) if answer.status_code != 200]
    assert [status for _, status in refused].count(429) == 4
    assert [status for _, status in refused].count(503) == 4
    assert {answers[place].headers["Retry-After"] for place, status in refused if status == 429} <= {"0", "1"}
    gaps = {later - earlier for (earlier, _), (later, _) in pairwise(refused)}
    assert gaps == {EVERY // 2}


def test_an_unknown_path_is_not_found(client):
    while (answer := client.get("/api/v1/other")).status_code in {429, 503}:
        pass
    assert answer.status_code == 404
