"""What is usual comes from the deliveries before: robust, silent while there are few, and mended by the source."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jiceng_pipeline.ledger.kinds.inspection import Figures, Inspection
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.quality import drift, figure, rhythm
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.quality.run import check
from jiceng_pipeline_tests.quality.world import DAY, HEALTH, POLICE

# the world's police have four people, two of each sex, all with a phone
USUAL = {
    "rows": 1_000,
    "nulls": {"phone": 0.1, "name": 0.0, "sex_code": 0.0},
    "codes": {"sex_code": {"1": 0.5, "2": 0.5}},
}


def deliver(settings, count, told=USUAL, snapshot=None):
    """Write down `count` earlier inspections, each of a delivery of its own unless `snapshot` names one."""
    with open_ledger(settings) as ledger:
        for number in range(count):
            day = DAY - timedelta(days=count - number)
            name = snapshot or f"p{number:02}"
            each = Figures(snapshot=name, snapshot_date=day, status="landed", **told)
            body = Inspection(day=day, systems={POLICE: each})
            ledger.append("inspection", body.subject, body, "sync")


def failing(build, settings, **rows):
    """Return the figures that fail, once the police's table holds these figures."""
    figure.build(build, settings)
    for name, value in rows.items():
        build.execute("update quality.figure set value = ?, row_count = 1000 where figure = ? and system = ?",
                      [value, name.replace("__", "="), POLICE])  # fmt: skip
    drift.build(build, settings)
    found = {each: rule for each, rule in rules().items() if each.startswith("drift_")}
    check(build, "standard", settings, found)
    return {key for (key,) in build.execute("select record_key from quality.failure").fetchall()}


ALIKE = {"rows": 1_050, "phone": 0.12, "sex_code__1": 0.53, "sex_code__2": 0.47}


@pytest.mark.parametrize("count", [0, 4])
def test_with_fewer_than_five_deliveries_nothing_is_judged(build, settings, count):
    deliver(settings, count)
    assert failing(build, settings, rows=10, phone=1.0) == set()


def test_what_is_as_usual_passes(build, settings):
    deliver(settings, 14)
    assert failing(build, settings, **ALIKE) == set()


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"rows": 800}, {"rows"}),
        ({"rows": 1_300}, {"rows"}),
        ({"phone": 0.9}, {"phone"}),
        ({"sex_code__1": 0.9, "sex_code__2": 0.1}, {"sex_code=1", "sex_code=2"}),
        ({"name__invalid": 0.3}, {"name=invalid"}),
    ],
)
def test_a_sudden_change_fails(build, settings, changed, found):
    deliver(settings, 14)
    assert failing(build, settings, **{**ALIKE, **changed}) == found


def test_a_code_that_is_not_there_any_more_counts_as_none_of_it(build, settings):
    deliver(settings, 6, {**USUAL, "codes": {"sex_code": {"1": 0.4, "2": 0.4, "9": 0.2}}})
    assert failing(build, settings, **{**ALIKE, "sex_code__1": 0.42, "sex_code__2": 0.4}) == {"sex_code=9"}
    told = build.execute("select value, usual, deliveries from quality.drift where figure = 'sex_code=9'").fetchall()
    assert told == [(0.0, 0.2, 6)]


def test_one_bad_day_among_the_earlier_ones_moves_nothing(build, settings):
    deliver(settings, 6)
    deliver(settings, 1, {**USUAL, "rows": 3}, snapshot="q")
    assert failing(build, settings, **ALIKE) == set()
    assert build.execute("select usual from quality.drift where figure = 'rows' and deliveries > 0").fetchall() == [
        (1_000.0,)
    ]


def test_a_delivery_counts_once_however_many_syncs_it_lasted(build, settings):
    deliver(settings, 14, snapshot="same")
    assert failing(build, settings, rows=10) == set()
    assert build.execute("select max(deliveries) from quality.drift").fetchall() == [(1,)]


def test_the_present_delivery_is_not_compared_with_itself(build, settings):
    deliver(settings, 5)
    deliver(settings, 1, {**USUAL, "rows": 5_000}, snapshot="s1")
    failing(build, settings)
    assert build.execute("select max(deliveries) from quality.drift").fetchall() == [(5,)]


def test_figures_are_shares_of_what_a_system_holds(build, settings):
    build.execute(
        f"insert into standard.quarantine values ('{POLICE}', 'cell', 'r', 'f', 1, '电话', 'phone', '不是电话')"
    )
    build.execute(f"insert into standard.quarantine values ('{POLICE}', 'row', null, 'f', 1, null, null, '缺主键')")
    figure.build(build, settings)
    told = dict(build.execute("select figure, value from quality.figure where system = ?", [POLICE]).fetchall())
    assert told["rows"] == 4
    assert told["death_date"] == 0.75
    assert told["phone=invalid"] == 0.25
    assert told["sex_code=1"] == 0.5
    assert told["unreadable"] == 0.2


@pytest.mark.parametrize(("days", "late"), [(0, False), (2, False), (6, True)])
def test_a_system_is_late_by_its_own_rhythm(build, settings, days, late):
    later = replace(settings, business_date=DAY + timedelta(days=days))
    build.execute(f"update landing.outcome set started = '{DAY}T01:00:00+00:00' where system = '{HEALTH}'")
    rhythm.build(build, later)
    check(build, "landing", later, {"delivery_in_rhythm": rules()["delivery_in_rhythm"]})
    found = {system for (system,) in build.execute("select system from quality.failure").fetchall()}
    assert (HEALTH in found) == late
    assert "civil_affairs/subsistence_allowance" not in found  # once a month


def test_a_failed_pull_is_late_by_the_last_that_went_well(build, settings):
    build.execute(f"update landing.outcome set status = 'failed', started = '{DAY}T01:00:00' where system = '{HEALTH}'")
    rhythm.build(build, settings)
    assert build.execute("select last_success_date from quality.rhythm where system = ?", [HEALTH]).fetchall() == [
        (None,)
    ]
