"""Denied by default, audited before anything is read, and nothing served where the audit cannot be written."""

import resource
from datetime import timedelta

import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import AccessDenied, IntegrityError, StorageFailure, UsageError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants
from jiceng_pipeline.returns.access import authorise
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.warehouse import publish

from .conftest import HERE, THERE

ASK = {"actor": "clerk", "community": HERE, "dataset": "resident_register"}
CLERK = Grant(
    actor="clerk", scope=HERE, datasets=("resident_register", "changes"), profiles=("check", "full"),
    purposes=("高龄津贴核对",), granted_by="operator",
)  # fmt: skip


@pytest.fixture
def ledger(settings):
    with open_ledger(settings) as opened:
        yield opened


def audits(settings):
    with open_ledger(settings) as ledger:
        ledger.verify()
        return list(views.entries(ledger, Audit))


def ask(ledger, settings, actor="clerk", dataset="resident_register", community=HERE, profile="check", purpose=None):
    return authorise(ledger, actor, datasets.find(settings, dataset), community, profile, purpose, version="v1")


def test_nobody_may_see_anything_until_somebody_grants_it(served):
    with pytest.raises(AccessDenied, match="没有有效的授权"):
        cut(served, **ASK)
    assert not (served.home / "returned").exists()


def test_the_operators_grant_is_written_once_and_stays_ended(ledger):
    first = grants.ensure_operator(ledger)
    assert grants.ensure_operator(ledger) == first
    (entry,) = grants.live(ledger, "operator")
    assert (entry.body.scope, entry.body.datasets, entry.body.purposes) == ("*", "*", "*")
    grants.end(ledger, entry.subject, "operator")
    grants.ensure_operator(ledger)
    assert grants.live(ledger, "operator") == []


def test_an_unknown_grant_cannot_be_ended(ledger):
    with pytest.raises(UsageError):
        grants.end(ledger, "nothing", "operator")


LACKING = [
    ({"actor": "stranger"}, "grant", "没有有效的授权"),
    ({"actor": "Clerk"}, "grant", "没有有效的授权"),
    ({"community": THERE}, "scope", f"不含社区或区划 {THERE}"),
    ({"community": HERE[:9]}, "scope", "不含社区"),
    ({"dataset": "enterprise_register"}, "dataset", "不含数据集"),
    ({"profile": "full"}, "purpose", "写明用途"),
    ({"profile": "full", "purpose": "  "}, "purpose", "写明用途"),
    ({"profile": "full", "purpose": "好奇"}, "purpose", "不含所写的用途"),
    ({"purpose": "好奇"}, "purpose", "不含所写的用途"),
]


@pytest.mark.parametrize(("asked", "lacking", "told"), LACKING)
def test_what_is_missing_is_said_and_audited(ledger, settings, asked, lacking, told):
    grants.give(ledger, CLERK)
    with pytest.raises(AccessDenied, match=told) as caught:
        ask(ledger, settings, **asked)
    (entry,) = views.entries(ledger, Audit)
    assert (entry.body.outcome, entry.body.lacking, entry.body.grant) == ("denied", lacking, None)
    assert entry.receipt in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_profile_the_grant_lacks_is_denied(ledger, settings):
    grants.give(ledger, CLERK.model_copy(update={"profiles": ("check",)}))
    with pytest.raises(AccessDenied, match="full（完整）"):
        ask(ledger, settings, profile="full", purpose="高龄津贴核对")


def test_two_grants_do_not_add_up(ledger, settings):
    grants.give(ledger, CLERK.model_copy(update={"profiles": ("check",)}))
    grants.give(ledger, CLERK.model_copy(update={"scope": THERE}))
    with pytest.raises(AccessDenied):
        ask(ledger, settings, profile="full", purpose="高龄津贴核对")
    assert ask(ledger, settings, community=THERE, profile="full", purpose="高龄津贴核对").scope == THERE


@pytest.mark.parametrize("scope", ["*", "32", "3206", "320613", "320613005", HERE])
def test_a_scope_covers_what_lies_below_it(ledger, settings, scope):
    grants.give(ledger, CLERK.model_copy(update={"scope": scope}))
    access = ask(ledger, settings)
    assert (access.actor, access.dataset, access.scope, access.profile) == (
        "clerk", "resident_register", HERE, "check",
    )  # fmt: skip


def test_a_grant_holds_until_its_end(ledger, settings, monkeypatch):
    grants.give(ledger, CLERK.model_copy(update={"until": clock.now() + timedelta(days=1)}))
    assert ask(ledger, settings)
    monkeypatch.setenv("JICENG_NOW", (clock.now() + timedelta(days=1, seconds=1)).isoformat())
    with pytest.raises(AccessDenied):
        ask(ledger, settings)


def test_leave_names_its_columns_and_its_place_in_the_ledger(ledger, settings):
    given = grants.give(ledger, CLERK)
    access = ask(ledger, settings, profile="full", purpose=" 高龄津贴核对 \n")
    assert tuple(access.maskings) == datasets.find(settings, "resident_register").columns
    (entry,) = views.entries(ledger, Audit)
    assert entry.receipt == access.receipt
    assert entry.actor == "clerk"
    assert entry.body == Audit(
        action="return", dataset="resident_register", scope=HERE, profile="full", purpose="高龄津贴核对",
        outcome="granted", grant=given.subject, version="v1",
    )  # fmt: skip


@pytest.mark.parametrize("profile", ["check", "full"])
def test_the_audit_is_there_before_the_data_are_read(served, profile):
    database = publish.current(served).database
    database.write_bytes(b"damaged" * 1000)
    with pytest.raises(IntegrityError):
        cut(served, **{**ASK, "actor": "operator", "profile": profile, "purpose": "核对"})
    entry, after = audits(served)
    assert (entry.body.outcome, entry.body.profile) == ("granted", profile)
    assert entry.body.version == publish.current(served).name
    assert (after.body.outcome, after.body.leave) == ("failed", entry.seq)
    assert not list(served.home.glob("returned/*/*"))


def test_a_denial_reads_nothing(served):
    publish.current(served).database.write_bytes(b"damaged" * 1000)
    with pytest.raises(AccessDenied):
        cut(served, **ASK)
    (entry,) = audits(served)
    assert (entry.actor, entry.body.outcome) == ("clerk", "denied")


def full_disk(settings):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def folder_in_its_place(settings):
    settings.ledger.with_suffix(".head").unlink()
    settings.ledger.unlink()
    settings.ledger.mkdir()
    return lambda: None


@pytest.mark.parametrize("broken", [full_disk, folder_in_its_place])
@pytest.mark.parametrize("profile", ["check", "full"])
def test_where_the_audit_cannot_be_written_nothing_is_served(served, broken, profile):
    publish.current(served).database.write_bytes(b"damaged" * 1000)  # reading it would be another error
    repair = broken(served)
    try:
        with pytest.raises(StorageFailure):
            cut(served, **{**ASK, "actor": "operator", "profile": profile, "purpose": "核对"})
    finally:
        repair()
    assert not (served.home / "returned").exists()


def test_a_damaged_ledger_serves_nothing(served):
    served.ledger.write_bytes(b"no ledger" * 1000)
    with pytest.raises(IntegrityError):
        cut(served, **{**ASK, "actor": "operator"})
    assert not (served.home / "returned").exists()


def test_a_clerk_gets_her_own_rows_only(served):
    with open_ledger(served) as ledger:
        grants.give(ledger, CLERK)
    made = cut(served, **ASK, format="csv")
    text = made.path.read_text("utf-8-sig")
    assert made.rows == 1
    assert "r1" in text
    assert "r2" not in text
    assert THERE not in text


@pytest.mark.parametrize("actor", ["", "a\nb", "x" * 300])
def test_an_impossible_account_gets_nothing(served, actor):
    with pytest.raises(UsageError):
        cut(served, **{**ASK, "actor": actor})
    assert not (served.home / "returned").exists()


def test_a_grant_over_some_elements_shows_only_those(settings, ledger):
    grants.give(ledger, CLERK.model_copy(update={"elements": ("resident_id", "name", "community_code")}))
    wanted = datasets.find(settings, "resident_register")
    assert set(authorise(ledger, "clerk", wanted, HERE).maskings) == {"resident_id", "name", "community_code"}
    assert set(authorise(ledger, "clerk", wanted, HERE, elements=("name",)).maskings) == {"name"}
    with pytest.raises(AccessDenied, match="数据项"):
        authorise(ledger, "clerk", wanted, HERE, elements=("name", "phone"))
