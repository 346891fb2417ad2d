"""What a layer's check leaves behind: results, failing keys, broken rules told apart, nothing held open."""

import subprocess
import sys

import pytest

from jiceng_pipeline.core import progress
from jiceng_pipeline.quality import counting
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.quality.run import check
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.quality.test_agreement import a_rule
from jiceng_pipeline_tests.quality.world import CANARIES, POLICE

LANDING = [rule for rule in rules().values() if rule.layer == "landing"]


def results_of(build, layer):
    return build.execute(
        "select rule_id, passed, failed_count, broken from quality.check_result where layer = ? order by all", [layer]
    ).fetchall()


def test_a_second_check_replaces_the_first_and_leaves_other_layers(build, settings):
    build.execute("update standard.resident_record set name = null")
    check(build, "standard", settings)
    check(build, "landing", settings)
    assert ("resident_record_named", False, 7, False) in results_of(build, "standard")
    build.execute("update standard.resident_record set name = '甲'")
    check(build, "standard", settings)
    assert ("resident_record_named", True, 0, False) in results_of(build, "standard")
    assert build.execute("select count(*) from quality.failure").fetchall() == [(0,)]
    assert len(results_of(build, "landing")) == len(LANDING)


def test_results_are_the_same_twice_but_for_the_time_taken(build, settings):
    build.execute("update standard.resident_record set name = null")
    state = "select * exclude (seconds) from quality.check_result order by all"
    told = []
    chosen = {rule_id: rules()[rule_id] for rule_id in ("resident_record_named", "sex_agrees_with_id")}
    for _ in range(2):
        check(build, "standard", settings, chosen)
        told.append((build.execute(state).fetchall(), build.execute("from quality.failure").fetchall()))
    assert told[0] == told[1]


@pytest.mark.parametrize("severity", ["warn", "block"])
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"table": "standard.nothing", "predicate": "true"}, "没有表 standard.nothing"),
        (
            {
                "table": "governance.resident",
                "key": "resident_id",
                "expectation": {"kind": "references", "column": "household_id", "table": "governance.no", "to": "id"},
            },
            "没有表 governance.no",
        ),
        (
            {"table": "standard.resident_record", "predicate": "name in (select n.name from odd.no as n)"},
            "没有表 odd.no",
        ),
        ({"table": "standard.resident_record", "predicate": "no_such_column > 1"}, "no_such_column"),
        ({"table": "standard.resident_record", "predicate": "name is"}, "syntax error"),
        ({"table": "standard.resident_record", "predicate": "cast(name as integer) > 1"}, "Conversion Error"),
    ],
)
def test_a_rule_that_cannot_run_is_broken_not_failed(build, settings, caplog, capfd, fields, said, severity):
    caplog.set_level(0)
    broken = a_rule(**{"severity": severity, **fields})
    fine = rules()["resident_record_named"]
    first, second = check(build, "standard", settings, {"odd": broken, fine.id: fine})
    assert (first.broken, first.passed, first.failed_count, first.total_count) == (True, False, 0, 0)
    assert first.stops == (severity == "block")
    assert said in first.reason
    assert second.passed
    assert ("odd", False, 0, True) in results_of(build, "standard")
    told = f"{first}{caplog.text}{''.join(capfd.readouterr())}"
    assert [canary for canary in CANARIES if canary in told] == []


def test_a_broken_rule_breaks_no_other_of_the_same_rows(build, settings):
    build.execute("update standard.resident_record set name = null where birth_date = date '1980-05-06'")
    table = {"table": "standard.resident_record"}
    chosen = {
        "wrong": a_rule(id="wrong", predicate="cast(name as integer) > 1", **table),
        "absent": a_rule(id="absent", predicate="no_such_column > 1", **table),
        "unknown": a_rule(id="unknown", expectation={"kind": "not_null", "column": "no_such_column"}, **table),
        "named": a_rule(id="named", expectation={"kind": "not_null", "column": "name"}, **table),
        "fine": a_rule(id="fine", predicate="record_id <> ''", **table),
    }
    told = {each.rule.id: (each.broken, each.failed_count) for each in check(build, "standard", settings, chosen)}
    broken = dict.fromkeys(("wrong", "absent", "unknown"), (True, 0))
    assert told == {**broken, "named": (False, 1), "fine": (False, 0)}


def test_what_great_expectations_alone_cannot_do_breaks_the_rule_without_a_value(build, settings, caplog, capfd):
    from jiceng_pipeline.quality import gx

    caplog.set_level(0)
    rule = a_rule(table="standard.resident_record", predicate="cast(name as integer) > 1")
    fine = a_rule(table="standard.resident_record", predicate="name <> ''", id="fine")
    with gx.judge(build, [rule, fine], settings.business_date) as judge:
        counts = judge([rule, fine])
    assert counts["fine"] == counting.Count(0, 7)
    broken = counts[rule.id]
    assert isinstance(broken, counting.Broken)
    told = f"{broken}{broken.__cause__}{caplog.text}{''.join(capfd.readouterr())}"
    assert "Conversion Error" in told
    assert [canary for canary in CANARIES if canary in told] == []


def test_keys_are_kept_up_to_a_limit_and_counted_beyond_it(build, settings):
    many = counting.KEPT_KEYS + 500
    build.execute("create schema odd")
    build.execute(
        f"""create table odd.thing as select printf('%06d', i) as record_id, false as is_good,
        case when i < 3 then '{POLICE}' else 'governance' end as system from range({many}) as r(i)"""
    )
    (result,) = check(build, "standard", settings, {"odd": a_rule(predicate="is_good", owner="system")})
    assert (result.failed_count, result.total_count) == (many, many)
    assert result.sample_keys == tuple(f"{i:06}" for i in range(counting.SHOWN_KEYS))
    kept = "select system, count(*), min(record_key), max(record_key) from quality.failure group by all order by all"
    assert build.execute(kept).fetchall() == [
        ("governance", counting.KEPT_KEYS, "000003", f"{counting.KEPT_KEYS + 2:06}"),
        (POLICE, 3, "000000", "000002"),
    ]


def test_a_tolerated_failure_passes_and_is_still_counted(build, settings):
    build.execute("update standard.resident_record set name = null where birth_date = date '1980-05-06'")
    rule = a_rule(
        table="standard.resident_record",
        expectation={"kind": "not_null", "column": "name"},
        tolerance={"max_share": 0.5},
        owner="system",
    )
    (result,) = check(build, "standard", settings, {"odd": rule})
    assert (result.passed, result.failed_count, result.total_count) == (True, 1, 7)


def test_whoever_watches_is_told_how_many_rules_are_judged(build, settings):
    steps = []
    with progress.listening(steps.append):
        check(build, "landing", settings)
    assert {(step.stage, step.total) for step in steps} == {("check", len(LANDING))}
    done = [step.done for step in steps]
    assert done == sorted(set(done))
    assert done[0] == 0 < done[-1] < len(LANDING)


def test_nothing_keeps_the_database_file_locked(clean_build, settings, tmp_path):
    path = tmp_path / "own.duckdb"
    path.write_bytes(clean_build.read_bytes())
    with connect(path, settings=settings) as connection:
        check(connection, "landing", settings)
        check(connection, "landing", settings, {"odd": a_rule(layer="landing", table="odd.no", predicate="true")})
    script = f"import duckdb; duckdb.connect({str(path)!r}).execute('create table beside (i integer)')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_library_is_loaded_only_when_something_is_judged():
    script = """import sys
import jiceng_pipeline.quality.run, jiceng_pipeline.quality.rule
assert not {"great_expectations", "sqlalchemy", "duckdb_engine"} & set(sys.modules)"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_the_library_loads_for_nobody_waits_until_it_is_asked_for():
    script = """import sys
from jiceng_pipeline.quality import late
late.postpone("scipy.stats")
late.postpone("no_such_module")
import jiceng_pipeline.quality.gx
assert "scipy.stats._stats_py" not in sys.modules
from scipy import stats
assert round(float(stats.entropy([1, 1])), 3) == 0.693
assert "scipy.stats._stats_py" in sys.modules"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_temporary_file_is_left(build, settings, tmp_path, monkeypatch):
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    check(build, "landing", settings)
    assert list(folder.iterdir()) == []
