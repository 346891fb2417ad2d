"""Every rule passes on the clean world, and fails on the defect planted for it."""

import pytest

from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.quality.run import check
from jiceng_pipeline_tests.quality.defects import DEFECTS
from jiceng_pipeline_tests.quality.world import CANARIES, DAY


def judged(build, settings, rule_id):
    rule = rules()[rule_id]
    (result,) = check(build, rule.layer, settings, {rule_id: rule})
    return result


def test_every_rule_has_its_defect():
    assert set(DEFECTS) == set(rules())


@pytest.mark.parametrize("layer", ["landing", "standard", "governance", "returned"])
def test_a_clean_world_passes_every_rule(build, settings, layer):
    results = check(build, layer, settings)
    assert [result.rule.id for result in results] == [each.id for each in rules().values() if each.layer == layer]
    assert [(result.rule.id, result.reason) for result in results if not result.passed or result.failed_count] == []
    assert build.execute("select count(*) from quality.failure").fetchall() == [(0,)]


@pytest.mark.parametrize("rule_id", DEFECTS)
def test_a_planted_defect_fails_its_rule_and_no_result_holds_a_value(build, settings, rule_id, caplog, capfd):
    plant, expected = DEFECTS[rule_id]
    build.execute(plant)
    caplog.set_level(0)
    result = judged(build, settings, rule_id)
    written = build.execute("from quality.check_result").fetchall()
    # not broken: great_expectations counted the same rows as our own query
    assert (result.broken, result.passed, result.failed_count) == (False, False, expected), result.reason
    assert result.stops == (result.rule.severity == "block")
    kept = build.execute("select record_key, system, element_id from quality.failure where rule_id = ?", [rule_id])
    failures = kept.fetchall()
    assert len(failures) == expected
    assert {element for _, _, element in failures} == {result.rule.element}
    if result.rule.key:
        assert sorted(result.sample_keys) == sorted(key for key, _, _ in failures)
    if result.rule.owner != "system":
        assert {system for _, system, _ in failures} == {result.rule.owner}
    else:
        assert all("/" in system for _, system, _ in failures)
    told = f"{result}{written}{failures}{caplog.text}{''.join(capfd.readouterr())}"
    assert [canary for canary in CANARIES if canary in told] == []


def test_a_day_decides_what_is_in_the_future(build, settings):
    build.execute(DEFECTS["birth_date_not_future"][0])
    later = type(settings)(home=settings.home, business_date=DAY.replace(day=25))
    assert judged(build, later, "birth_date_not_future").passed


def test_empty_tables_break_no_rule(build, settings):
    for schema, table in build.execute(
        "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
    ).fetchall():
        build.execute(f"delete from {schema}.{table}")
    for layer in ("landing", "standard", "governance", "returned"):
        for result in check(build, layer, settings):
            assert not result.broken, result.reason
            assert result.passed == (result.rule.id != "resident_not_empty")
