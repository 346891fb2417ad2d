"""Days of a small city with its stores: what offices keep, what lies in their stores, what goes wrong on the way."""

import json
import shutil
import sqlite3
from contextlib import closing

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.cli import main
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import history, offices, state, truth
from jiceng_pipeline.simulation.advance import advance, repair
from jiceng_pipeline.simulation.calendar import CALENDAR, heading, mishap
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.running import Servers, place, running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline_tests.simulation.conftest import DAY

PACE, DAYS = Pace().times(8), 13
POLICE, HEALTH = "public_security/household_register", "health/resident_health_record"
INSURED, FIRMS = "medical_insurance/insured_person", "market_supervision/enterprise_register"
FLOATING, POOR = "public_security/floating_population", "civil_affairs/subsistence_allowance"


def kept(settings, system):
    """Return what an office keeps, as a sorted list of rows."""
    rows = pa.concat_tables(each.replace_schema_metadata(None) for each in offices.told(settings, system))
    return sorted(zip(*rows.to_pydict().values(), strict=True), key=str)


def served(settings, since=None):
    """Return the objects the health platform hands out, page by page."""
    store, found = stores()[HEALTH], []
    for page in range(1, 100):
        query = {"page": str(page), "size": "700"} | ({"since": since} if since else {})
        answer = json.loads(store.respond(settings.simulated / "stores" / HEALTH, query))
        found += answer["data"]
        if len(found) == answer["total"]:
            return found
    return None


def in_store(settings, system, url):
    """Return the rows of a store that is changed in place, in the shape of `kept`."""
    folder = settings.simulated / "stores" / system
    if system == POLICE:
        with psycopg.connect(url) as connection:
            rows = connection.execute(f"select {', '.join(columns(settings, POLICE))} from hukou.t_czrk").fetchall()
        return sorted((tuple(None if v is None else str(v) for v in row) for row in rows), key=str)
    if system == HEALTH:
        rows = [tuple(each[name] for name in columns(settings, HEALTH)) for each in served(settings)]
        return sorted((tuple(None if v is None else str(v) for v in row) for row in rows), key=str)
    file, table = {INSURED: ("yibao.db", "AC01"), FIRMS: ("register.db", "ENT_BASE")}[system]
    with closing(sqlite3.connect(folder / file)) as connection:
        rows = connection.execute(f"select * from {table}").fetchall()
    return sorted((tuple(None if v is None else str(v) for v in row) for row in rows), key=str)


def columns(settings, system):
    return next(offices.told(settings, system)).column_names


def content(settings):
    """Return the bytes of every file the departments have, and of what offices keep."""
    found = {}
    for folder in ("stores", "state", "truth", "offices"):
        for path in sorted((settings.simulated / folder).rglob("*")):
            if path.is_file() and path.suffix != ".db":
                found[str(path.relative_to(settings.simulated))] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Return a community after some busy days, its servers' address, and the days."""
    settings = Settings(home=tmp_path_factory.mktemp("lived"))
    simulate(settings, scale="community", seed=5, as_of=DAY)
    with running(settings) as servers:
        yield settings, servers.postgresql, advance(settings, DAYS, PACE)


def test_days_are_counted_and_told(lived):
    settings, _, days = lived
    assert [day.day for day in days] == list(range(1, DAYS + 1))
    assert (days[-1].date - DAY).days == DAYS
    made = json.loads((settings.simulated / "city.json").read_text("utf-8"))
    assert (made["day"], made["as_of"], "doing" in made) == (DAYS, DAY.isoformat(), False)
    assert [path.name for path in (settings.simulated / "state").iterdir()] == [str(DAYS)]
    assert sum(day.events.get("phone", 0) for day in days) > 20
    assert all(set(day.changed) == {s for s, o in stores().items() if o.RHYTHM.works_on(day.date)} for day in days)


@pytest.mark.parametrize("system", [POLICE, HEALTH, INSURED, FIRMS])
def test_a_store_changed_in_place_is_as_one_written_whole(lived, system):
    settings, url, _ = lived
    rows = kept(settings, system)
    if system == FIRMS:  # its capital is a number there
        position = columns(settings, system).index("REGCAP")
        rows = sorted(((*r[:position], _number(r[position]), *r[position + 1 :]) for r in rows), key=str)
    assert in_store(settings, system, url) == rows


def _number(value):
    try:
        return str(float(value))
    except ValueError:
        return value


def test_offices_wrote_down_what_happened(lived):
    settings, _, _ = lived
    past = pq.read_table(history.path(settings), partitioning=None)
    dead = past.filter(pc.and_(pc.equal(past["kind"], "death"), pc.less(past["day"], DAYS - 4)))["entity"]
    assert len(dead) > 2
    rows = pa.concat_tables(each.replace_schema_metadata(None) for each in offices.kept(settings, POLICE))
    noted = rows.filter(pc.and_(pc.is_in(rows["_entity"], dead.combine_chunks()), pc.is_valid(rows["swrq"])))
    assert noted.num_rows > 0
    born = past.filter(pc.and_(pc.equal(past["kind"], "birth"), pc.less(past["day"], DAYS - 4)))["entity"]
    people = pq.read_table(truth.truth(settings).resident, partitioning=None)
    here = people.filter(pc.and_(people["is_registered"], pc.is_in(people["person_id"], born.combine_chunks())))
    assert here.num_rows > 0
    assert set(here["person_id"].to_pylist()) <= set(rows["_entity"].to_pylist())


def test_a_merger_is_written_by_each_office_in_its_time(lived):
    settings, _, _ = lived
    old, new = {"320613005002", "320613005003"}, "320613005019"
    police = {row[columns(settings, POLICE).index("sqdm")] for row in kept(settings, POLICE)}
    assert new in police
    assert not police & old
    insured = [row[columns(settings, INSURED).index("BAZ001")] for row in kept(settings, INSURED)]
    assert old <= set(insured), "an office that does not care writes the new code only where it writes anyway"
    poor = {row[columns(settings, POOR).index("所属社区")] for row in kept(settings, POOR)}
    assert "虹盛社区" in poor
    assert not poor & {"虹东社区", "虹西社区"}
    pension = {row[9 + 1] for row in kept(settings, "social_security/pension_insurance")}
    assert "虹东社区居委会" in pension


def test_files_come_late_and_twice_and_again(lived):
    settings, _, _ = lived
    files = {path.name for path in (settings.simulated / "stores" / FLOATING).iterdir()}
    days = {name[5:13] for name in files}
    assert "20261128" in days
    assert not days & {"20261129", "20261130", "20261201"}, "late for three days"
    assert "LDRK_20261203_1.txt" in files
    folder = settings.simulated / "stores" / FLOATING
    assert (folder / "LDRK_20261203_1.txt").read_bytes() == (folder / "LDRK_20261203.txt").read_bytes()
    assert (folder / "LDRK_20261205_重发.txt").read_bytes() == (folder / "LDRK_20261205.txt").read_bytes()


def test_the_calendar_knows_its_days():
    assert mishap(FLOATING, "late", 4) is None
    assert mishap(FLOATING, "late", 7) in CALENDAR
    assert heading(FLOATING, 15) == {}
    assert heading(FLOATING, 16) == {"LXDH": "LXFS"}
    assert heading(FIRMS, 21) == {"TEL": "LXDH"}
    assert heading(FIRMS, 23) == {}


def test_the_interface_tells_what_changed_since(lived):
    settings, _, _ = lived
    since = f"{DAY}T23:59:59"
    changed = served(settings, since)
    assert [(each["updateTime"], int(each["archiveNo"])) for each in changed] == sorted(
        (each["updateTime"], int(each["archiveNo"])) for each in changed
    )
    assert all(each["updateTime"] >= since for each in changed)
    gone = {each["archiveNo"] for each in changed if each.get("deleted") == 1}
    live = {each["archiveNo"]: each for each in served(settings)}
    assert gone
    assert not gone & live.keys()
    assert {each["archiveNo"] for each in changed} - gone == {k for k, v in live.items() if v["updateTime"] >= since}
    assert all(live[each["archiveNo"]] == each for each in changed if "deleted" not in each)
    assert len(served(settings, "2000-01-01T00:00:00")) == len(live) + len(gone)
    broken = {"page": "1", "since": "yesterday"}
    assert b'"code":400' in stores()[HEALTH].respond(settings.simulated / "stores" / HEALTH, broken)


def test_books_are_numbered_anew(lived):
    settings, _, _ = lived
    for system, sheet in ((POOR, "乡镇街道"), ("education/student_roster", "学校")):
        rows = stores()[system].arranged(pa.concat_tables(offices.told(settings, system)))
        for name in set(rows[sheet].to_pylist()):
            numbers = rows.filter(pc.equal(rows[sheet], name))["序号"].to_pylist()
            assert numbers == [str(each) for each in range(1, len(numbers) + 1)]


def test_the_truth_speaks_of_every_record_there_ever_was(lived):
    settings, _, days = lived
    found = pq.read_table(truth.truth(settings).resident_record, partitioning=None)
    live = found.filter(pc.is_null(found["last_day"]))
    for system in (POLICE, HEALTH, FLOATING):
        assert pc.sum(pc.equal(live["system"], system)).as_py() == len(kept(settings, system))
    ended = found.filter(pc.is_valid(found["last_day"]))
    assert ended.num_rows > 0
    assert pc.all(pc.greater_equal(ended["last_day"], ended["first_day"])).as_py()
    assert pc.max(found["first_day"]).as_py() > 0
    people = pq.read_table(truth.truth(settings).resident, partitioning=None)
    assert set(found["person_id"].to_pylist()) <= set(people["person_id"].to_pylist())
    past = pq.read_table(history.path(settings), partitioning=None)
    assert past.num_rows == sum(sum(day.events.values()) for day in days)
    assert set(past["entity"].to_pylist()) >= set(ended["person_id"].to_pylist())


def test_the_same_days_give_the_same_bytes_and_a_killed_day_is_made_again(tmp_path):
    one, other = (Settings(home=tmp_path / name) for name in ("one", "other"))
    for settings in (one, other):
        simulate(settings, scale="community", seed=6, as_of=DAY)
    advance(one, 3, PACE)
    advance(other, 2, PACE)
    note = other.simulated / "city.json"
    before, keep = note.read_text("utf-8"), other.simulated / "state" / "2"
    shutil.copytree(keep, tmp_path / "state")
    advance(other, 1, PACE)
    # as if it had been killed when all was written but the last note
    shutil.copytree(tmp_path / "state", keep)
    note.write_text(json.dumps(json.loads(before) | {"doing": PACE.__dict__}), "utf-8")
    assert repair(other).day == 3
    assert repair(other) is None
    truth.truth(other)
    truth.truth(one)
    mine, theirs = content(one), content(other)
    assert sorted(mine) == sorted(theirs)
    assert [name for name in mine if mine[name] != theirs[name]] == []
    with running(one) as servers:
        assert in_store(one, POLICE, servers.postgresql) == kept(one, POLICE)
    with running(other) as servers:
        assert in_store(other, POLICE, servers.postgresql) == kept(one, POLICE)
    assert in_store(other, INSURED, "") == kept(one, INSURED)


def test_there_has_to_be_a_city_and_a_day(tmp_path, lived):
    with pytest.raises(UsageError, match="还没有模拟城市"):
        advance(Settings(home=tmp_path), 1)
    with pytest.raises(UsageError, match="天数"):
        advance(lived[0], 0)


def test_a_state_that_was_lost_is_said_to_be_lost(tmp_path):
    settings = Settings(home=tmp_path)
    simulate(settings, scale="community", seed=5, as_of=DAY)
    shutil.rmtree(state.folder(settings, "320613005000", 0))
    with pytest.raises(UsageError, match="状态"):
        advance(settings, 1)


def test_a_database_place_has_no_server_of_its_own(lived):
    settings, url, _ = lived
    assert place(settings, HEALTH, Servers(url, "")).folder == settings.simulated / "stores" / HEALTH


def test_a_city_that_lived_is_not_made_again(lived):
    settings, _, _ = lived
    before = (settings.simulated / "city.json").read_bytes()
    assert not simulate(settings, scale="community", seed=5, as_of=DAY).is_new
    assert (settings.simulated / "city.json").read_bytes() == before


def test_the_command_moves_the_city_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(tmp_path))
    monkeypatch.setenv("JICENG_NOW", f"{DAY}T09:00:00+08:00")
    monkeypatch.setenv("JICENG_LANG", "zh")
    # who says only that days go by means the city that is there
    for made, days, first in ((["--scale", "community", "--seed", "5"], 2, 1), ([], 1, 3)):
        with pytest.raises(SystemExit) as stopped:
            main(["simulate", *made, "--days", str(days), "--json"])
        told = capsys.readouterr()
        assert not stopped.value.code
        assert [day["day"] for day in json.loads(told.out)["days"]] == list(range(first, first + days))
        assert "2026-11-" in told.err
        assert "事件" in told.err
