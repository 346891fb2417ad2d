"""The catalogue: every item can be done somewhere, a withdrawn one is gone the next day, versions are told apart."""

from datetime import date

import pytest

from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import handover, instruction
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.services import catalogue, withdrawal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

DAY = date(2026, 11, 24)
ALLOWANCE = (catalogue.ITEMS / "elderly_allowance.yaml").read_text("utf-8")


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, business_date=DAY)


def own(settings, name, text):
    folder = settings.services / "items"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def test_there_are_items_of_many_departments(settings):
    items = catalogue.items(settings)
    assert len(items) >= 25
    assert len({each.department for each in items.values()}) >= 8
    assert {grade for each in items.values() for grade in each.places.values()} == {
        "accept", "collect", "on_behalf", "consult",
    }  # fmt: skip


def test_an_item_withdrawn_is_gone_the_next_day_and_remembered(settings):
    later = ALLOWANCE.replace("2026-01-01", "2026-06-01")
    own(settings, "elderly_allowance.2.yaml", later.replace("version: 1", "version: 2\nvalid_until: 2026-11-24"))
    assert catalogue.items(settings, date(2026, 11, 24))["elderly_allowance"].version == 2
    assert "elderly_allowance" not in catalogue.items(settings, date(2026, 11, 25))
    assert [each.id for each in catalogue.withdrawn(settings, date(2026, 11, 25))] == ["elderly_allowance"]
    assert catalogue.withdrawn(settings, date(2026, 12, 26)) == ()
    with pytest.raises(UsageError, match="停办"):
        catalogue.find(settings, "elderly_allowance", date(2026, 11, 25))


def test_what_is_open_about_an_item_that_ended_is_flagged_the_next_day(settings):
    own(settings, "elderly_allowance.2.yaml", ALLOWANCE.replace("version: 1", "version: 2\nvalid_until: 2026-11-24"))
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
        told = {"opener": "320613005001", "to": "civil_affairs", "community": "320613005001"}
        case = handover.open_case(settings, ledger, "operator", title="补卡", item="elderly_allowance", **told)
        handover.open_case(settings, ledger, "operator", title="别的事", **told)
        day = date(2026, 12, 1)
        given = {"text": "", "scope": "320613", "due_date": day}
        task = instruction.issue(settings, ledger, "operator", title="复核", item="elderly_allowance", **given)
        assert withdrawal.flagged(settings, ledger) == {}
        found = withdrawal.flagged(settings, ledger, date(2026, 11, 25))
        assert {(each.kind, each.title, each.holder) for each in found.values()} == {
            ("case", "补卡", "civil_affairs"), ("task", "复核", "320613"),
        }  # fmt: skip
        handover.move(settings, ledger, case.case_id, "operator", by="320613005001", step="close", text="")
        instruction.withdraw(ledger, task.instruction_id, "operator")
        assert withdrawal.flagged(settings, ledger, date(2026, 11, 25)) == {}


def test_a_version_counts_from_its_first_day_and_says_what_differs(settings):
    later = ALLOWANCE.replace("version: 1", "version: 2").replace("2026-01-01", "2026-12-01")
    own(settings, "elderly_allowance.2.yaml", later.replace("time_limit_days: 10", "time_limit_days: 5"))
    assert catalogue.items(settings, date(2026, 11, 30))["elderly_allowance"].time_limit_days == 10
    assert catalogue.items(settings, date(2026, 12, 1))["elderly_allowance"].time_limit_days == 5
    (difference,) = catalogue.differences(settings)
    assert (difference.field, difference.before, difference.now) == ("time_limit_days", "10", "5")


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("elderly_allowance.3.yaml", ("version: 1", "version: 1"), "写了两次"),
        ("another.yaml", ("version: 1", "version: 1"), "已用于"),
        ("elderly_allowance.2.yaml", ("elements: [citizen_id, name]", "elements: [citizen]"), "没有数据元 citizen"),
        ("elderly_allowance.2.yaml", ("county_hall: consult, township_hall: accept, village_station: collect",
                                      "county_hall: consult"), "没有一处能办"),
        ("elderly_allowance.2.yaml", ("proxy: true", "proxies: true"), "proxies"),
    ],
)  # fmt: skip
def test_a_wrong_item_is_told(settings, name, change, what):
    own(settings, name, ALLOWANCE.replace(*change))
    with pytest.raises(DefinitionError, match=what):
        catalogue.items(settings)


@pytest.mark.parametrize("wanted", ["elderly_allowance", "MZ-001", "尊老金（高龄津贴）申领", "尊老金"])
def test_an_item_is_found_by_id_code_and_name(settings, wanted):
    assert catalogue.find(settings, wanted).id == "elderly_allowance"


def test_an_item_nobody_knows_brings_the_nearest(settings):
    with pytest.raises(UsageError) as told:
        catalogue.find(settings, "elderly_alowance")
    assert "elderly_allowance" in told.value.cure


def test_conditions_hold_for_some_and_not_for_all(synced):
    """Every condition is SQL that runs; those of most items pick out some of the people."""
    version = publish.current(synced)
    with connect(version.database, settings=synced, read_only=True) as connection:
        found = {
            each.id: connection.execute(
                f"""select count(*) filter (where {each.sql(each.condition)}),
                    count(*) filter (where {each.sql(each.holds or "false")}), count(*)
                from governance.resident as resident
                left join governance.household as household on household.household_id = resident.household_id
                cross join standard.business_day as today"""
            ).fetchall()[0]
            for each in catalogue.items(synced).values()
        }
    assert all(0 <= may <= every for may, _, every in found.values())
    assert sum(0 < may < every for may, _, every in found.values()) >= 24
    assert found["elderly_allowance"][1] > 0
