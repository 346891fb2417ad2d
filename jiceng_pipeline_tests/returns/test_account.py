"""有去有回账: what a place gave and got, added up, seen by its own people only."""

import json

import pytest

from jiceng_pipeline.core.errors import AccessDenied
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.dispute_decision import DisputeDecision
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import account, account_compared, grants, posts
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

from .conftest import HERE, RESIDENT, THERE, row, served_rows

THIRD = f"{HERE[:9]}003"
CHANGES = f"""create or replace table returned.changes as select * from (values
    ('{HERE}', '虹桥', 'r1', '张', 'resident_register', 'changed', 'phone,name'),
    ('{HERE}', '虹桥', 'r2', '李', 'resident_register', 'added', null),
    ('{THERE}', '新桥', 'r3', '王', 'resident_register', 'removed', null))
    as t(community_code, community_name, entity_id, subject_name, dataset, change_code, changed_elements)"""


HISTORY = """create schema if not exists governance; create table governance.changed_cell as select * from (values
    ('resident', 'r1', 'phone', '1', date '2026-09-01', date '2026-10-05'),
    ('resident', 'r1', 'phone', '2', date '2026-10-05', null),
    ('resident', 'r1', 'marital_status_code', '20', date '2026-11-02', null),
    ('resident', 'r3', 'phone', '1', date '2026-09-01', date '2026-11-20'),
    ('resident', 'r3', 'phone', '2', date '2026-11-20', null))
    as t(entity, entity_id, element_id, value, valid_from, valid_to)"""


def collected(community, kind="collected", element="phone"):
    return Intake(entity="resident", entity_id="a" * 32, element_id=element, value="13812345678",
                  community_code=community, collected_date="2026-11-20", source="portal", kind=kind)  # fmt: skip


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Yield settings, ledger, connection and version of an instance where things happened in two communities."""
    from jiceng_pipeline.core.settings import Settings

    settings = Settings(home=tmp_path_factory.mktemp("account") / "home")
    people = [row(RESIDENT), row(RESIDENT, resident_id="r3", community_code=THERE)]
    third = row(RESIDENT, resident_id="r4", community_code=THIRD)
    served_rows(
        settings,
        changes=lambda c: c.execute(CHANGES) and c.execute(HISTORY),
        resident_register=[*people, third],
    )
    version = publish.find(settings)
    with open_ledger(settings) as ledger, connect(version.database, settings=settings, read_only=True) as connection:
        grants.ensure_operator(ledger)
        for account_name, scope, role in (("clerk", HERE, "clerk"), ("street", HERE[:9], "township")):
            posts.give(ledger, Post(account=account_name, role=role, scope=scope, given_by="operator"))
        for body in (collected(HERE), collected(HERE, "verified"), collected(THERE, "verified", "name")):
            ledger.append("intake", body.subject, body, "clerk")
        doubt = Dispute(entity="resident", entity_id="a" * 32, element_id="phone", believed_value="", basis="本人说",
                        community_code=HERE)  # fmt: skip
        ledger.append("dispute", doubt.subject, doubt, "clerk")
        verdict = DisputeDecision(
            entity="resident", entity_id="a" * 32, element_id="phone", verdict="upheld", reason="核实"
        )
        ledger.append("dispute_decision", doubt.subject, verdict, "operator")
        for community in (HERE, HERE, THERE, HERE[:9]):
            cut(settings, actor="street", community=community, dataset="resident_register", format="csv")
        yield settings, ledger, connection, version


def of(lived, actor, scope, **more):
    return account.accounts(*lived, actor=actor, scope=scope, **more)


def test_a_community_sees_its_own_account(lived):
    (own,) = of(lived, "clerk", HERE)
    assert (own.supplied, own.asked_again, own.verified, own.disputed, own.upheld) == (1, 1, 1, 1, 1)
    assert (own.added, own.corrected, own.opened) == (1, 2, 2)
    assert own.returned == sum(
        value is not None and name not in account._NOT_COUNTED | {"resident_id", "household_id"}
        for name, value in RESIDENT.items()
    )
    assert own.minutes_saved == 2 * account.minutes().package_minutes + 2 * account.minutes().corrected_minutes


def test_a_township_is_the_sum_of_its_communities(lived):
    whole, *parts = of(lived, "street", HERE[:9])
    assert [each.code for each in parts] == [HERE, THERE, THIRD]
    for figure in ("supplied", "verified", "disputed", "returned", "added", "corrected"):
        assert getattr(whole, figure) == sum(getattr(each, figure) for each in parts), figure
    assert whole.opened == sum(each.opened for each in parts) + 1  # the package of the township itself


def test_an_account_stands_beside_the_average_community_above(lived):
    found = account_compared.compared(*lived, actor="clerk", scope=HERE)
    near, far = found.averages
    assert (near.communities, far.communities) == (3, 3)
    assert near.figures["verified"] == far.figures["verified"] == round(2 / 3, 1)
    assert near.figures["returned"] == round(sum(each.returned for each in of(lived, "street", HERE[:9])[1:]) / 3, 1)


def test_two_communities_could_work_out_each_other_so_no_average_is_told(lived, monkeypatch):
    monkeypatch.setattr(account_compared, "FEWEST", 4)
    assert account_compared.compared(*lived, actor="clerk", scope=HERE).averages == []


def test_what_came_back_corrected_is_told_month_by_month_of_ones_own_people(lived):
    october, november = account_compared.compared(*lived, actor="clerk", scope=HERE).months
    assert (october.first.month, october.corrected, october.added) == (10, 1, 0)
    assert (november.first.month, november.corrected, november.added) == (11, 0, 1)
    with pytest.raises(AccessDenied):
        account_compared.compared(*lived, actor="clerk", scope=THERE)


def test_everything_is_added_up_too(lived):
    whole, *parts = of(lived, "operator", "*")
    assert (whole.code, whole.name, [each.code for each in parts]) == ("*", "全部", [HERE[:4]])
    assert whole.returned == parts[0].returned == of(lived, "street", HERE[:9])[0].returned


@pytest.mark.parametrize("scope", [THERE, HERE[:9], "*"])
def test_another_place_is_denied(lived, scope):
    with pytest.raises(AccessDenied):
        of(lived, "clerk", scope)


def test_what_was_done_before_a_day_may_be_left_out(lived):
    from datetime import date

    (own,) = of(lived, "clerk", HERE, since=date(2999, 1, 1))
    assert (own.supplied, own.opened) == (0, 0)
    assert own.returned > 0


def test_the_command_prints_it(lived, monkeypatch, capsys):
    from jiceng_pipeline.cli.app import main

    monkeypatch.setenv("JICENG_HOME", str(lived[0].home))
    with pytest.raises(SystemExit) as done:
        main(["account", HERE, "--as", "clerk", "--json"])
    assert done.value.code == 0
    (own,) = json.loads(capsys.readouterr().out)
    assert (own["code"], own["supplied"]) == (HERE, 1)
