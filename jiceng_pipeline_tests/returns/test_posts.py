"""Posts: who may be put where, what that lets them see and do, and three administrators who see nothing."""

from datetime import timedelta
from itertools import permutations

import pytest

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import AccessDenied, DefinitionError, StorageFailure, UsageError
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants, holding, posts, roles
from jiceng_pipeline.returns.access import authorise, permit

from .conftest import HERE, THERE

SYSTEM = "civil_affairs/subsistence_allowance"
PLACES = {"clerk": HERE, "township": HERE[:9], "county": HERE[:6], "city": HERE[:4]}
ADMINISTRATORS = {
    "system_admin": "make_account",
    "security_admin": "give_post",
    "audit_admin": "read_audit",
}
GRANT = Grant(
    actor="admin", scope="*", datasets="*", profiles=("check", "full"), purposes="*", granted_by="operator"
)  # fmt: skip


@pytest.fixture
def ledger(settings):
    with open_ledger(settings) as opened:
        grants.ensure_operator(opened)
        yield opened


def post(role, account=None, **changed):
    scope = changed.pop("scope", PLACES.get(role, "*"))
    systems = changed.pop("systems", (SYSTEM,) if role == "department" else ())
    return Post(account=account or role, role=role, scope=scope, systems=systems, given_by="operator", **changed)


def ask(ledger, settings, actor, scope, profile="check", dataset="resident_register"):
    purpose = "入户核对" if profile == "full" else None
    return authorise(ledger, actor, datasets.find(settings, dataset), scope, profile, purpose)


def test_what_was_ended_stays_ended_when_the_clock_goes_back(ledger, settings, monkeypatch):
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T10:00:00+08:00")
    given, held = GRANT.model_copy(update={"actor": "reader"}), post("clerk")
    grants.give(ledger, given)
    posts.give(ledger, held)
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T10:30:00+08:00")
    grants.end(ledger, given.subject, "operator")
    posts.end(ledger, held.subject, "operator")
    for now in ("2026-11-24T10:31:00+08:00", "2026-11-24T10:29:00+08:00"):
        monkeypatch.setenv("JICENG_NOW", now)
        for account in ("reader", "clerk"):
            with pytest.raises(AccessDenied, match="没有有效的授权"):
                ask(ledger, settings, account, HERE)
    grants.give(ledger, given)
    assert ask(ledger, settings, "reader", HERE).receipt


@pytest.mark.parametrize("role", PLACES)
@pytest.mark.parametrize("asked", [HERE, HERE[:9], HERE[:6], HERE[:4], "32", "*", THERE, "320613006", "320614", "3205"])
def test_a_post_covers_its_own_subtree_and_nothing_else(ledger, settings, role, asked):
    posts.give(ledger, post(role))
    if asked.startswith(PLACES[role]):
        assert ask(ledger, settings, role, asked).scope == asked
    else:
        with pytest.raises(AccessDenied, match="范围"):
            ask(ledger, settings, role, asked)


@pytest.mark.parametrize(("role", "may"), [("clerk", True), ("township", True), ("county", False), ("city", False)])
def test_who_works_with_people_may_see_them_unmasked(ledger, settings, role, may):
    posts.give(ledger, post(role))
    if may:
        assert ask(ledger, settings, role, HERE, "full").purpose == "入户核对"
    else:
        with pytest.raises(AccessDenied, match="full"):
            ask(ledger, settings, role, HERE, "full")


@pytest.mark.parametrize("role", ["department", *ADMINISTRATORS])
@pytest.mark.parametrize("dataset", ["resident_register", "changes", "enterprise_register"])
def test_departments_and_administrators_read_no_register(ledger, settings, role, dataset):
    posts.give(ledger, post(role))
    for scope in (HERE, "*"):
        with pytest.raises(AccessDenied):
            ask(ledger, settings, role, scope, dataset=dataset)


def test_an_ended_post_lets_nobody_in(ledger, settings, monkeypatch):
    posts.give(ledger, post("clerk"))
    given = posts.give(ledger, post("clerk", "guest", until=clock.now() + timedelta(days=1)))
    assert ask(ledger, settings, "guest", HERE).audit.grant == given.subject
    posts.end(ledger, f"clerk/clerk/{HERE}", "operator")
    with pytest.raises(AccessDenied):
        ask(ledger, settings, "clerk", HERE)
    monkeypatch.setenv("JICENG_NOW", (clock.now() + timedelta(days=2)).isoformat())
    with pytest.raises(AccessDenied):
        ask(ledger, settings, "guest", HERE)
    with pytest.raises(UsageError, match="没有人任"):
        posts.end(ledger, f"clerk/clerk/{HERE}", "operator")


def test_an_account_whose_name_begins_like_another_is_another(ledger, settings):
    posts.give(ledger, post("clerk", "wang"))
    for name in ("wan", "wang2", "wang/clerk", "Wang"):
        with pytest.raises(AccessDenied):
            ask(ledger, settings, name, HERE)


@pytest.mark.parametrize(("first", "second"), list(permutations(ADMINISTRATORS, 2)))
def test_no_two_administrators_are_one_account(ledger, first, second):
    posts.give(ledger, post(first, "admin"))
    with pytest.raises(UsageError, match="同一个账号"):
        posts.give(ledger, post(second, "admin"))


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_an_administrator_holds_nothing_else(ledger, role):
    posts.give(ledger, post(role, "admin"))
    assert posts.give(ledger, post(role, "admin", until=clock.now() + timedelta(days=9)))
    with pytest.raises(UsageError):
        posts.give(ledger, post("clerk", "admin"))
    with pytest.raises(UsageError, match="管理员不看数据"):
        grants.give(ledger, GRANT)
    grants.give(ledger, GRANT.model_copy(update={"actor": "analyst"}))
    with pytest.raises(UsageError, match="数据授权"):
        posts.give(ledger, post(role, "analyst"))
    with pytest.raises(UsageError):
        posts.give(ledger, post(role, "operator"))


def test_who_came_to_two_administrators_posts_all_the_same_may_do_neither(ledger, settings):
    for role in ("system_admin", "security_admin"):
        body = post(role, "admin")
        ledger.append("post", body.subject, body, "operator")
    ledger.append("grant", GRANT.subject, GRANT, "operator")
    for act in ("make_account", "give_post"):
        with pytest.raises(AccessDenied):
            permit(ledger, "admin", act)
    with pytest.raises(AccessDenied):
        ask(ledger, settings, "admin", HERE)


@pytest.mark.parametrize(("role", "own"), ADMINISTRATORS.items())
def test_each_administrator_does_the_own_work_and_no_other(ledger, role, own):
    posts.give(ledger, post(role))
    assert permit(ledger, role, own).receipt
    for other in sorted({act for each in roles.roles().values() for act in each.acts} - set(roles.find(role).acts)):
        with pytest.raises(AccessDenied):
            permit(ledger, role, other, HERE, SYSTEM)
    outcomes = [entry.body.outcome for entry in views.entries(ledger, Audit)]
    assert outcomes == ["granted"] + ["denied"] * (len(outcomes) - 1)


@pytest.mark.parametrize("scope", [None, THERE, HERE[:9], "*"])
def test_an_act_elsewhere_is_denied_and_audited(ledger, scope):
    posts.give(ledger, post("clerk"))
    assert permit(ledger, "clerk", "dispute", HERE).receipt is None
    with pytest.raises(AccessDenied, match="管不到"):
        permit(ledger, "clerk", "dispute", scope)
    (entry,) = views.entries(ledger, Audit)
    assert (entry.body.dataset, entry.body.outcome, entry.body.lacking) == ("act:dispute", "denied", "scope")


def test_a_department_answers_for_its_own_systems_only(ledger):
    posts.give(ledger, post("department"))
    assert permit(ledger, "department", "answer_ticket", system=SYSTEM)
    for system in (None, "health/resident_health_record"):
        with pytest.raises(AccessDenied, match="管不到"):
            permit(ledger, "department", "answer_ticket", HERE, system)


def test_the_operator_does_everything_while_the_first_grant_stands(ledger):
    assert permit(ledger, "operator", "give_post").receipt
    assert permit(ledger, "operator", "dispute", HERE)
    grants.end(ledger, holding.grants(ledger, "operator")[0].subject, "operator")
    with pytest.raises(AccessDenied, match="安全管理员"):
        permit(ledger, "operator", "give_post")


def test_an_act_of_no_role_is_a_mistake_of_ours(ledger):
    with pytest.raises(DefinitionError):
        permit(ledger, "operator", "fly")


@pytest.mark.parametrize(
    "wrong",
    [
        post("clerk", scope=HERE[:9]),
        post("township", scope="*"),
        post("audit_admin", scope=HERE),
        post("department", systems=()),
        post("department", systems=("no/such",)),
        post("clerk", systems=(SYSTEM,)),
        post("mayor", scope="3206"),
    ],
    ids=lambda each: f"{each.role} {each.scope} {each.systems}",
)
def test_a_post_has_the_place_its_role_asks_for(ledger, wrong):
    with pytest.raises(UsageError):
        posts.give(ledger, wrong)


def test_where_the_audit_cannot_be_written_no_administrator_acts(settings, ledger):
    posts.give(ledger, post("audit_admin"))
    head = settings.ledger.with_suffix(".head")
    head.unlink()
    head.mkdir()
    with pytest.raises((StorageFailure, OSError)):
        permit(ledger, "audit_admin", "read_audit")


@pytest.mark.parametrize("asked", ["", "3", "32061", HERE + "0", "％", "320613005001' or true --", "３２"])
def test_a_scope_is_a_division_or_everything(ledger, settings, asked):
    with pytest.raises(UsageError):
        ask(ledger, settings, "operator", asked)
