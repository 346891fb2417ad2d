"""Posts and the audit on the command line: given, refused, listed, and who saw a person."""

import json

import pytest

from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture
def resident(synced_copy):
    version = publish.find(synced_copy)
    with connect(version.database, settings=synced_copy, read_only=True) as connection:
        return connection.execute(
            "select resident_id, community_code from returned.resident_register order by resident_id limit 1"
        ).fetchone()


def test_a_clerk_gets_a_post_downloads_and_is_seen_to_have(jiceng, resident, tmp_path):
    person, community = resident
    ask = ("return", "--community", community, "--dataset", "resident_register", "--as", "wang", "--to", str(tmp_path))
    assert jiceng(*ask)[0] == 2
    assert jiceng("post", "give", "wang", "clerk", "--place", community, "--until", "2999-01-01")[0] == 0
    assert jiceng(*ask)[0] == 0
    assert jiceng("post", "give", "li", "audit_admin")[0] == 0
    code, told, _ = jiceng("audit", "who-saw", person, "--as", "li", "--json")
    assert code == 0
    # who else saw them is of other tests that read the same home
    (seen,) = (each for each in json.loads(told) if each["actor"] == "wang")
    assert (seen["outcome"], seen["channel"]) == ("served", "cli")
    assert jiceng("audit", "who-saw", person, "--as", "wang")[0] == 2
    code, told, _ = jiceng("audit", "list", "--outcome", "denied", "--json")
    assert [each["actor"] for each in json.loads(told)] == ["wang", "wang"]
    code, told, _ = jiceng("post", "list", "--json")
    assert [each["post"] for each in json.loads(told)] == [f"wang/clerk/{community}", "li/audit_admin/*"]
    assert jiceng("post", "end", f"wang/clerk/{community}")[0] == 0
    assert jiceng(*ask)[0] == 2
    assert jiceng("audit", "verify")[0] == 0


def test_a_changed_ledger_is_named_with_exit_code_8(jiceng, synced_copy):
    import sqlite3

    with sqlite3.connect(synced_copy.ledger) as connection:
        connection.execute("drop trigger event_refuses_update")
        connection.execute("update event set actor = 'nobody' where seq = 1")
    connection.close()
    code, _, told = jiceng("audit", "verify")
    assert code == 8
    assert "第 1 条" in told
