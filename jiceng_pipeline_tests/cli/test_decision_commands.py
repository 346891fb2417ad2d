"""`jiceng review` and `jiceng decide`: what they print, what they write, what they refuse."""

import json
import re

import lxml.etree
import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants, posts
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

WHY = ("--reason", "入户核对")
PHONE = "13987654321"


def as_json(jiceng, *arguments):
    code, out, _ = jiceng(*arguments, "--json")
    assert code == 0
    return json.loads(out)


def test_from_the_queue_to_a_decision_and_back(jiceng):
    every = as_json(jiceng, "review", "--limit", "1000")
    assert every and [each["rank"] for each in every] == list(range(1, len(every) + 1))
    assert [each["gain"] for each in every] == sorted((each["gain"] for each in every), reverse=True)
    assert as_json(jiceng, "review", "--limit", "2") == every[:2]
    first = every[0]
    pair = (first["record_id"], first["other_record_id"])
    code, out, _ = jiceng("review", "--limit", "1")
    assert code == 0 and pair[0] in out.replace("\n", "") and "jiceng explain" in out
    assert jiceng("explain", *pair)[0] == 0

    code, out, _ = jiceng("decide", "different", *pair, *WHY)
    assert code == 0 and "回执号" in out and "jiceng decide undo" in out
    assert first["record_id"] not in {each["record_id"] for each in as_json(jiceng, "review", "--limit", "1000")}
    (said,) = as_json(jiceng, "decide", "list")
    assert (said["verb"], said["records"], said["state"]) == ("different", sorted(pair), "stands")

    assert jiceng("decide", "undo", str(said["seq"]), *WHY)[0] == 0
    assert as_json(jiceng, "decide", "list") == []
    assert [each["state"] for each in as_json(jiceng, "decide", "list", "--all")] == ["undone"]
    assert as_json(jiceng, "review", "--limit", "1000") == every
    code, _, err = jiceng("decide", "undo", str(said["seq"]), *WHY)
    assert code == 2 and "已经撤回" in err
    code, _, err = jiceng("decide", "undo", str(said["seq"] + 1), *WHY)
    assert code == 2 and "撤回不能再撤回" in err
    assert as_json(jiceng, "review", "--entity", "enterprise") == []


def test_why_two_records_are_one_is_a_page_with_a_waterfall(jiceng, synced_copy, tmp_path):
    first = as_json(jiceng, "review")[0]
    pair = (first["record_id"], first["other_record_id"])
    page = tmp_path / "why.html"
    code, out, _ = jiceng("explain", *pair, "--page", str(page), "--json")
    told, text = json.loads(out), page.read_text("utf-8")
    assert code == 0
    image = lxml.etree.fromstring(re.search("<svg.*</svg>", text, re.DOTALL)[0])
    bars = image.findall("{*}rect")
    assert len(bars) == len(told["steps"]) + 1, "a bar for each comparison and one for the sum"
    for step in told["steps"]:
        assert step["title"] in text and step["words"] in text and f"{step['bits']:+.2f}" in text
    assert "http" not in re.sub("http://www.w3.org/2000/svg", "", text), "a page that needs nothing else"


def test_a_version_by_an_earlier_program_is_not_explained_by_this_one(jiceng, synced_copy):
    first = as_json(jiceng, "review")[0]
    database = publish.find(synced_copy).database
    with connect(database, settings=synced_copy) as connection:
        connection.execute("alter table staging.resident_record drop column content_mark")
    code, _, err = jiceng("explain", first["record_id"], first["other_record_id"])
    assert code == 2 and "较早的程序" in err and "jiceng sync" in err


def test_each_thing_that_can_be_said_becomes_one_event_and_no_value_is_shown(jiceng, synced_copy):
    one, other, *_ = (each["record_id"] for each in as_json(jiceng, "review"))
    third = as_json(jiceng, "review")[0]["other_record_id"]
    for said in (
        ("same", one, third), ("unsure", other, third), ("move", one, "--from", other, "--to", third),
        ("freeze", one, "--element", "phone", "--value", PHONE),
        ("deny", one, "--element", "death_date"),
    ):  # fmt: skip
        code, out, err = jiceng("decide", *said, *WHY, "--as", "operator")
        assert code == 0 and "已记入" in out and PHONE not in out + err
    code, out, _ = jiceng("decide", "list", "--all")
    assert code == 0 and all(verb in out for verb in ("同一", "说不准", "移动", "固定", "否定")) and PHONE not in out
    acts = [(act["verb"], act["state"]) for act in as_json(jiceng, "decide", "list", "--all")]
    assert acts == [("same", "replaced"), ("unsure", "stands"), ("move", "stands"), ("freeze", "stands"),
                    ("deny", "stands")]  # fmt: skip
    with open_ledger(synced_copy) as ledger:
        frozen, denied = ledger.events("freeze")
        assert (frozen.body["value"], denied.body["value"]) == (PHONE, None)
        assert [len(list(ledger.events(kind))) for kind in ("decision", "move")] == [2, 1]


def test_what_cannot_be_said_is_refused_with_a_cure(jiceng, synced_copy):
    pair = as_json(jiceng, "review")[0]
    one, other = pair["record_id"], pair["other_record_id"]
    with connect(publish.current(synced_copy).database, settings=synced_copy, read_only=True) as connection:
        shop = connection.execute("select min(record_id) from matching.enterprise_link").fetchall()[0][0]
    for said, told in (
        (("same", one, "f" * 32), "没有这条记录"),
        (("same", one, one), "两次"),
        (("different", one, shop), "不是同一类"),
        (("same", one, other, "--entity", "enterprise"), "不是 enterprise 的"),
        (("same", one, other, "--as", "stranger"), "没有做这件事的岗位"),
        (("move", one, "--from", other, "--to", other), "两次"),
        (("freeze", one, "--element", "phone", "--value", "12345"), "合法取值"),
        (("freeze", one, "--element", "enterprise_name", "--value", "x"), "没有数据元"),
        (("deny", one, "--element", "citizen_id"), "不能否定"),
        (("undo", "1"), "不是人工判定"),
    ):
        code, _, err = jiceng("decide", *said, *WHY)
        assert (code, told in err) == (2, True), (said, err)
    assert as_json(jiceng, "decide", "list", "--all") == []


def test_only_whose_post_covers_the_people_may_decide_on_them(jiceng, synced_copy):
    with connect(publish.current(synced_copy).database, settings=synced_copy, read_only=True) as connection:
        record, community = connection.execute(
            """select min(l.record_id), r.community_code from governance.resident as r
            join matching.resident_link as l on l.entity_id = r.resident_id
            where r.community_code is not null and r.phone is not null and l.is_current
            group by all order by all limit 1"""
        ).fetchall()[0]
    reading = Grant(
        actor="reader", scope=community, datasets="*", profiles=("check",), purposes="*", granted_by="operator"
    )
    with open_ledger(synced_copy) as ledger:
        posts.give(ledger, Post(account="street", role="township", scope=community[:9], given_by="operator"))
        posts.give(ledger, Post(account="clerk", role="clerk", scope=community, given_by="operator"))
        posts.give(ledger, Post(account="other", role="township", scope="110101001", given_by="operator"))
        grants.give(ledger, reading)
    assert jiceng("decide", "deny", record, "--element", "phone", *WHY, "--as", "clerk")[0] == 2
    cell = ("freeze", record, "--element", "phone", "--value", PHONE, *WHY)
    code, _, err = jiceng("decide", *cell, "--as", "other")
    assert code == 2 and f"管不到区划 {community}" in err
    for account in ("clerk", "reader"):  # to read is not to decide, and a value is frozen by the township
        assert jiceng("decide", *cell, "--as", account)[0] == 2
    assert jiceng("decide", *cell, "--as", "street")[0] == 0
    seq = as_json(jiceng, "decide", "list")[0]["seq"]
    code, _, err = jiceng("decide", "undo", str(seq), *WHY, "--as", "other")
    assert code == 2 and "管不到" in err
    assert jiceng("decide", "undo", str(seq), *WHY, "--as", "street")[0] == 0


def test_without_a_published_version_nothing_can_be_judged(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("JICENG_HOME", str(tmp_path))
    for command in (("review",), ("decide", "same", "a", "b", *WHY)):
        with pytest.raises(SystemExit) as done:
            main(list(command))
        assert done.value.code == 2
        assert "还没有发布过版本" in capsys.readouterr().err
