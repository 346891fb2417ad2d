"""What masked rows still tell: of every returned dataset in every masked profile at least 499 numbers fit."""

from datetime import date
from itertools import product

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants, masks
from jiceng_pipeline.returns.access import authorise
from jiceng_pipeline.returns.disclosure import ENOUGH, identity_candidates, phone_candidates
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect, identifier

from .conftest import HERE, citizen_id

NUMBER, PHONE, TODAY = citizen_id(), "13812345678", date(2026, 11, 24)
BORN = date(1950, 1, 1)
ALL = datasets.datasets(Settings.load())
MASKED = ("check", "posted", "statistics")


@pytest.fixture(scope="module")
def scratch():
    with connect() as connection:
        yield connection


def told(each):
    """Return the worst that a column of this element may hold of the person."""
    by_type = {"citizen_id": NUMBER, "phone": PHONE, "name": "张小三", "date": BORN, "integer": 76, "boolean": True,
               "decimal": 812.5, "address": f"青年东路12号 {NUMBER} {PHONE}"}  # fmt: skip
    if each.sensitivity == "public":  # of an enterprise or a place
        return {"address": "青年东路12号", "date": date(2003, 3, 3)}.get(each.type, by_type.get(each.type, "1"))
    if each.id == "sex_code":
        return "1"
    if each.id == "disability_certificate_number":
        return NUMBER + "43"
    if each.id in {"present_value", "other_values"}:
        return f"{NUMBER}；{PHONE}"
    return by_type.get(each.type, "1" if each.type == "code" else "x" * 12)


def shown(scratch, dataset, profile):
    """Return column → masked value of the row that tells most."""
    columns = ", ".join(f"cast(? as {e.sql_type}) as {identifier(c)}" for c, e in dataset.elements.items())
    masked = ", ".join(
        masks.masking(e, profile, dataset.declares).sql(identifier(c)) for c, e in dataset.elements.items()
    )
    row = scratch.execute(
        f"select {masked} from (select {columns})", [told(e) for e in dataset.elements.values()]
    ).fetchone()
    return dict(zip(dataset.columns, row, strict=True))


@pytest.mark.parametrize(("name", "profile"), list(product(ALL, MASKED)))
def test_at_least_499_numbers_fit(scratch, name, profile):
    row = shown(scratch, ALL[name], profile)
    assert identity_candidates(row, NUMBER, TODAY) >= ENOUGH
    assert phone_candidates(row, PHONE) >= ENOUGH


@pytest.mark.parametrize("name", ALL)
def test_what_is_posted_has_no_digit_of_a_number_and_no_day(scratch, name):
    row = shown(scratch, ALL[name], "posted")
    said = "".join(str(value) for value in row.values() if value is not None)
    assert not any(part in said for part in (NUMBER[:4], NUMBER[-4:], PHONE[:3], PHONE[-4:], "1950", "76"))
    assert "张小三" not in said


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ({"citizen_id": NUMBER}, 1),
        ({"citizen_id": NUMBER[:6] + "*" * 8 + NUMBER[-4:], "birth_date": BORN}, 1),
        ({"citizen_id": NUMBER[:6] + "*" * 12, "birth_date": BORN, "sex_code": "1"}, 500),
        ({"citizen_id": NUMBER[:14] + "****"}, 999),
        ({"citizen_id": NUMBER[:6] + "*" * 8 + NUMBER[-4:], "age_years": 76, "sex_code": "1"}, 33),
        ({"present_value": f"证号 {NUMBER[10:]}"}, 12),
    ],
)
def test_the_count_is_what_enumeration_finds(row, count):
    found = identity_candidates(row, NUMBER, TODAY)
    assert found == pytest.approx(count, rel=0.15)


def test_a_phone_may_leak_through_any_column():
    assert phone_candidates({"phone": "138****5678"}, PHONE) == 10_000
    assert phone_candidates({"phone": "138****5678", "other_values": "后八位 12345678"}, PHONE) == 1


def of_children(scratch, declares, profile="check"):
    dataset = datasets.Dataset("light_app:x", "试", "试", ("resident_id", "name", "sex_code"), frozenset(declares))
    scratch.execute("create schema if not exists governance; create schema if not exists standard")
    scratch.execute("create or replace table standard.business_day as select date '2026-11-24' as business_date")
    scratch.execute(
        """create or replace table governance.resident as select * from (values ('child', date '2012-11-25'),
        ('youth', date '2012-11-24'), ('nobody', null)) as t(resident_id, birth_date)"""
    )
    return dataset, profile


@pytest.mark.parametrize(
    ("declares", "profile", "names"),
    [((), "check", [None, "李*", "李*"]), (("minors",), "check", ["李*"] * 3), ((), "full", ["李四"] * 3)],
)
def test_who_is_under_fourteen_is_shown_only_where_that_is_declared(scratch, settings, declares, profile, names):
    dataset, _ = of_children(scratch, declares)
    with open_ledger(settings) as ledger:
        grants.give(ledger, Grant(actor="a", scope=HERE, datasets="*", profiles=("check", "full"), purposes="*",
                                  granted_by="operator"))  # fmt: skip
        access = authorise(ledger, "a", dataset, HERE, profile, "学龄儿童核对")
    masked = access.maskings["name"].sql("name")
    rows = scratch.execute(
        f"""select {masked} from (select unnest(['child', 'nobody', 'youth']) as resident_id, '李四' as name)
        order by resident_id"""
    ).fetchall()
    assert [value for (value,) in rows] == names


def test_health_is_shown_only_where_that_is_declared():
    each = element("has_hypertension")
    assert each.is_health
    assert masks.masking(each, "check") is masks.HIDDEN
    assert masks.masking(each, "check", ("health",)) is masks.SHOWN
    assert masks.masking(each, "posted", ("health",)) is masks.HIDDEN
