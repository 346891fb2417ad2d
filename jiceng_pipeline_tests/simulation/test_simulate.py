"""A city is made once, the same every time, and whole; its truth speaks of every record."""

import hashlib
import json
from datetime import date

import numpy as np
import psycopg
import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.running import database, transition
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline.simulation.truth import truth

DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a home with a simulated community that is not running."""
    settings = Settings(home=tmp_path_factory.mktemp("made"))
    assert simulate(settings, scale="community", seed=5, as_of=DAY).is_new
    return settings


def content(settings):
    """Return file → hash of all stores, the truth and city.json."""
    files = [path for name in ("stores", "truth") for path in (settings.simulated / name).rglob("*") if path.is_file()]
    return {
        str(path.relative_to(settings.simulated)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*files, settings.simulated / "city.json"]
    }


def register(settings):
    """Return the rows in the household register, in order."""
    with transition(settings), database(settings) as url, psycopg.connect(url) as connection:
        return connection.execute("select * from hukou.t_czrk").fetchall()


def test_the_same_parameters_give_the_same_bytes(made, tmp_path):
    other = Settings(home=tmp_path)
    simulate(other, scale="community", seed=5, as_of=DAY)
    assert content(other) == content(made)
    assert register(other) == register(made)


def test_nothing_is_written_again(made):
    before = {path: path.stat().st_mtime_ns for path in made.simulated.rglob("*.parquet")}
    summary = simulate(made, scale="community", seed=5)
    assert not summary.is_new
    assert summary.as_of == DAY
    assert {path: path.stat().st_mtime_ns for path in made.simulated.rglob("*.parquet")} == before


def test_the_summary_counts(made):
    summary = simulate(made, scale="community", seed=5, as_of=DAY)
    assert summary.residents == pq.read_metadata(truth(made).resident).num_rows
    assert summary.enterprises == pq.read_metadata(truth(made).enterprise).num_rows
    assert summary.households == len(set(pq.read_table(truth(made).resident)["household_id"].to_pylist()))
    assert set(summary.records) == set(stores())
    assert summary.records["public_security/household_register"] == len(register(made))
    assert json.loads((made.simulated / "city.json").read_text("utf-8"))["seed"] == 5


def test_another_seed_makes_another_city(tmp_path):
    settings = Settings(home=tmp_path)
    simulate(settings, scale="community", seed=1, as_of=DAY)
    before, people = content(settings), register(settings)
    assert simulate(settings, scale="community", seed=2, as_of=DAY).is_new
    after = content(settings)
    assert {name for name in before if after.get(name) == before[name]} == set()
    assert register(settings) != people


def test_a_half_written_city_is_made_again(made, tmp_path):
    (made.simulated / "city.json").rename(tmp_path / "city.json")
    assert simulate(made, scale="community", seed=5, as_of=DAY).is_new
    assert (made.simulated / "city.json").read_bytes() == (tmp_path / "city.json").read_bytes()


def test_an_unknown_scale_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="planet"):
        simulate(Settings(home=tmp_path), scale="planet")
    assert list(tmp_path.iterdir()) == []


def test_the_truth_speaks_of_every_record_once(made):
    summary = simulate(made, scale="community", seed=5, as_of=DAY)
    for entity, key in (("resident", "person_id"), ("enterprise", "enterprise_id")):
        records = pq.read_table(getattr(truth(made), f"{entity}_record"))
        known = set(pq.read_table(getattr(truth(made), entity))[key].to_pylist())
        pairs = list(zip(records["system"].to_pylist(), records["source_key"].to_pylist(), strict=True))
        assert len(set(pairs)) == len(pairs)
        assert set(records[key].to_pylist()) <= known
        for system, store in stores().items():
            if entity == store.ENTITY:
                assert summary.records[system] == records["system"].to_pylist().count(system)
    keys = {key for system, key in pairs if system == "market_supervision/food_licence"}
    assert all(each.startswith("JY") for each in keys)


@pytest.mark.parametrize(
    ("kind", "entity", "key", "system"),
    [
        ("equipment", "enterprise", "enterprise_id", "market_supervision/special_equipment"),
        ("city_case", "resident", "person_id", "urban_management/city_case"),
        ("service_point", "service_point", "service_point_id", "government_services/service_point"),
    ],
)
def test_the_truth_knows_whose_things_are(made, kind, entity, key, system):
    records = pq.read_table(truth(made).folder / f"{kind}_record.parquet")
    assert set(records["system"].to_pylist()) == {system}
    assert set(records[key].to_pylist()) <= set(pq.read_table(getattr(truth(made), entity))[key].to_pylist())


def test_the_profile_shapes_the_city(made, tmp_path):
    settings = Settings(home=tmp_path)
    simulate(settings, scale="community", seed=5, as_of=DAY, profile="harsh")
    errors, usual = (pq.read_table(truth(each).error)["kind"].to_pylist() for each in (settings, made))
    assert errors.count("number_missing") > 1.8 * usual.count("number_missing")
    with pytest.raises(UsageError, match="gentle"):
        simulate(settings, profile="gentle")


def test_the_truth_names_the_errors_made(made):
    errors = pq.read_table(truth(made).error)
    assert errors.column_names == ["system", "source_key", "column", "kind"]
    assert {"number_missing", "name_homophone", "address_stale", "registered_twice"} <= set(errors["kind"].to_pylist())
    records = pq.read_table(truth(made).resident_record)
    known = set(zip(records["system"].to_pylist(), records["source_key"].to_pylist(), strict=True))
    residents_systems = {system for system, _ in known}
    named = zip(errors["system"].to_pylist(), errors["source_key"].to_pylist(), strict=True)
    assert {each for each in named if each[0] in residents_systems} <= known


def test_the_order_of_a_store_tells_nothing(written, street):
    """Rank correlation of row numbers between stores, with the truth, and with the keys."""
    place = {person: row for row, person in enumerate(street.person_id.to_pylist())}
    register, health, pension = (
        [place[person] for person in written[system].entity_id.to_pylist()]
        for system in (
            "public_security/household_register",
            "health/resident_health_record",
            "social_security/pension_insurance",
        )
    )
    for whose in (register, health, pension):
        for truths in (np.arange(len(whose)), street.people.household[whose], street.age[whose]):
            if truths is not None and len(np.unique(truths)) < len(whose):
                assert abs(np.corrcoef(np.arange(len(whose)), truths)[0, 1]) < 0.03
        assert abs(np.corrcoef(np.arange(len(whose)), whose)[0, 1]) < 0.03
    row_in_register = {person: row for row, person in enumerate(register)}
    both = [(row_in_register[person], row) for row, person in enumerate(health) if person in row_in_register]
    assert abs(np.corrcoef(np.array(both).T)[0, 1]) < 0.03


@pytest.mark.parametrize(
    ("system", "key", "digits"),
    [
        ("public_security/household_register", "rybh", slice(None)),
        ("public_security/household_register", "hh", slice(9, None)),
        ("health/resident_health_record", "archiveNo", slice(12, None)),
        ("health/resident_health_record", "familyNo", slice(2, None)),
        ("social_security/pension_insurance", "个人编号", slice(None)),
    ],
)
def test_the_keys_of_a_store_tell_nothing(written, street, system, key, digits):
    place = {person: row for row, person in enumerate(street.person_id.to_pylist())}
    whose = np.array([place[person] for person in written[system].entity_id.to_pylist()])
    keys = np.array([int(each[digits]) for each in written[system].table[key].to_pylist()], float)
    for truths in (whose, np.arange(len(whose)), street.people.household[whose], street.age[whose]):
        assert abs(np.corrcoef(keys, truths)[0, 1]) < 0.03
