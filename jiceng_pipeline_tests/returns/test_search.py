"""Finding people and things: by what one remembers, inside one's division, masked, audited without the words."""

import pytest

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import posts, search
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

from .conftest import ENTERPRISE, HERE, NAMES, RESIDENT, THERE, citizen_id, fill, row

PEOPLE = [
    row(RESIDENT, resident_id="r1"),
    row(RESIDENT, resident_id="r2", name="张三", phone="13900000001", citizen_id=citizen_id("32060219510203456")),
    row(RESIDENT, resident_id="r3", name="李四", phone=None, citizen_id=None, registered_address="河东路9号"),
    row(RESIDENT, resident_id="r9", community_code=THERE, community_name=NAMES[THERE]),
]
READINGS = {"张小三": "zhang xiao san", "张三": "zhang san", "李四": "li si"}


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    """Yield settings, ledger, connection and a version; a clerk holds a post HERE."""
    from jiceng_pipeline.core.settings import Settings

    settings = Settings(home=tmp_path_factory.mktemp("search") / "home")
    version = publish.Version("v1", settings.home, {"inputs": {"business_date": "2026-11-24"}})
    with connect(settings=settings) as connection, open_ledger(settings) as ledger:
        fill(connection, settings, resident_register=PEOPLE, enterprise_register=[ENTERPRISE])
        connection.execute(
            "create schema standard; create table standard.name_reading(name text, reading text, spoken text)"
        )
        for name, reading in READINGS.items():
            connection.execute(
                "insert into standard.name_reading values (?, ?, ?)", [name, reading, reading.replace(" ", "")]
            )
        for account, scope, role in (("clerk", HERE, "clerk"), ("street", HERE[:9], "township")):
            posts.give(ledger, Post(account=account, role=role, scope=scope, given_by="operator"))
        yield settings, ledger, connection, version


def find(instance, text, actor="clerk", scope=HERE, **more):
    return search.find(*instance, actor=actor, scope=scope, text=text, **more)


def ids(found):
    return [hit.entity_id for hit in found.hits]


NUMBER, OTHER = PEOPLE[0]["citizen_id"], PEOPLE[1]["citizen_id"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张三", ["r2"]), (" 张 ", ["r2", "r1"]), ("小三", ["r1"]), ("李四", ["r3"]), ("王五", []),
        ("zs", ["r2"]), ("zxs", ["r1"]), ("ZXS", ["r1"]), ("zhangsan", ["r2"]), ("ｚｘｓ", ["r1"]), ("ls", ["r3"]),
        ("5678", ["r1"]), ("0001", ["r2"]), ("13812345678", ["r1"]), (NUMBER, ["r1"]), (OTHER[-6:], ["r2"]),
        (NUMBER[-6:], ["r1"]), (OTHER[-4:], []), (NUMBER[:6], []), ("1950", []),
        ("河东路", ["r3"]), ("青年东路12号", ["r2", "r1"]), ("%", []), ("_", []), ("张%", []), ("*", []), ("张*三", []),
    ],
)  # fmt: skip
def test_a_resident_is_found_by_what_one_remembers(instance, text, expected):
    assert ids(find(instance, text)) == expected


def test_answers_are_masked(instance):
    (hit,) = find(instance, "张小三").hits
    assert (hit.cells["name"], hit.cells["phone"], hit.cells["birth_date"]) == ("张*三", "138****5678", "1950")
    assert hit.cells["registered_address"] == "南通市崇川区虹桥街道青年东路***"
    assert (hit.community_code, hit.community_name) == (HERE, NAMES[HERE])


def test_only_the_own_division_is_searched(instance):
    assert ids(find(instance, "张小三")) == ["r1"]
    assert ids(find(instance, "张小三", actor="street", scope=HERE[:9])) == ["r1", "r9"]
    for scope in (THERE, HERE[:9], "*"):
        with pytest.raises(AccessDenied):
            find(instance, "张小三", scope=scope)


def test_the_hidden_is_not_found_by_trying(instance):
    """In 公示 no number and no address is shown, so none is searched."""
    for text in ("5678", NUMBER, "青年东路"):
        assert ids(find(instance, text, profile="posted")) == []
    assert ids(find(instance, "张小三", profile="posted")) == ["r1"]


def test_enterprises_too(instance):
    (hit,) = find(instance, "小吃", entity="enterprise").hits
    assert (hit.entity, hit.cells["enterprise_name"]) == ("enterprise", "南通虹桥小吃店")


def test_the_audit_has_a_hash_and_whom_it_showed_but_no_words(instance):
    _, ledger, *_ = instance
    find(instance, "张小三")
    granted, done = list(views.entries(ledger, Audit))[-2:]
    assert (granted.body.action, granted.body.outcome) == ("search", "granted")
    assert (done.body.rows, done.body.shown, done.body.leave) == (1, ("r1",), granted.seq)
    assert granted.body.term == done.body.term
    find(instance, " 张小三　")
    assert list(views.entries(ledger, Audit))[-1].body.term == done.body.term
    assert not any("张小三" in event.text for event in ledger.events())


def test_a_long_list_says_that_there_is_more(instance):
    found = find(instance, "张", limit=1)
    assert (len(found.hits), found.has_more) == (1, True)
    assert not find(instance, "张", limit=1_000_000).has_more


HOSTILE = [
    "' or true --", "'; drop table returned.resident_register; --", '"', "\\", "$wanted", "{0}", "%s", "?", "\x00",
    "张" * 10_000, "\ud800", "\u200b", "(", "[", "a" * 5000, "select", "<script>", "../..", "=1+1", "\r\nX: y",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("entity", search.KINDS)
def test_hostile_words_find_nothing_and_break_nothing(instance, text, entity):
    try:
        assert ids(find(instance, text, entity=entity)) == []
    except UsageError as error:
        assert "写姓名" in str(error)
    assert ids(find(instance, "张三")) == ["r2"]


@pytest.mark.parametrize("text", ["", "  ", "\n\t", "\u3000"])
def test_an_empty_search_is_said(instance, text):
    with pytest.raises(UsageError, match="没有写"):
        find(instance, text)
