"""A day of the city: what happens, how often, and that nothing else changes."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.simulation import portion, state
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.families import HEAD, SPOUSE
from jiceng_pipeline.simulation.life.day import day
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.rhythm import Rhythm
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline_tests.simulation.conftest import DAY

BUSY = Pace().times(10)
FIRMS = {"enterprise", "equipment"}


def same(one, other):
    """Return the columns in which two cities differ."""
    mine, theirs = portion.columns(one), portion.columns(other)
    assert mine.keys() == theirs.keys()
    return [path for path in mine if not pa.array(mine[path]).equals(pa.array(theirs[path]))]


@pytest.fixture(scope="module")
def busy(street):
    """Return the street after ten busy days, and the events of each."""
    city, every = street, []
    for _ in range(10):
        city, events = day(city, BUSY)
        every.append(events)
    return city, pa.concat_tables(every)


def test_a_kept_city_comes_back_as_it_was(busy, reference, tmp_path):
    city, _ = busy
    state.save(city, tmp_path / "one")
    state.save(city, tmp_path / "other")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()
    back = state.load(reference, tmp_path / "one")
    assert same(city, back) == []
    assert back.communities.equals(city.communities)
    assert (back.as_of, back.day, back.seed, back.shard) == (city.as_of, city.day, city.seed, city.shard)
    for mine, theirs in portion.columns(city).items():
        assert getattr(portion.columns(back)[mine], "dtype", None) == getattr(theirs, "dtype", None)


def test_a_city_that_is_not_there_is_said_to_be_missing(reference, tmp_path):
    with pytest.raises(UsageError, match="状态不完整"):
        state.load(reference, tmp_path)


def written(store, city, serials):
    """Return as a set of rows what an office writes of things with these numbers."""
    among = city.enterprise_serial if store.ENTITY in FIRMS else city.person_serial
    records = store.records(city, Rates(), np.isin(among, serials))
    counted = {"序号"} & set(records.table.column_names)  # numbered anew in the whole book
    rows = records.table.drop_columns(list(counted)).append_column("entity", records.entity_id)
    return Counter(map(tuple, zip(*rows.to_pydict().values(), strict=True)))


@pytest.mark.parametrize("system", [system for system, store in stores().items() if store.RHYTHM.hears])
def test_an_office_writes_of_a_part_what_it_writes_of_the_whole(busy, system):
    city, _ = busy
    store, rng = stores()[system], np.random.default_rng(1)
    people = np.sort(rng.choice(len(city.people), 400, replace=False))
    firms = np.sort(rng.choice(len(city.enterprises), 150, replace=False))
    part = portion.part(city, people, firms)
    assert len(part.people) < len(city.people) / 3
    serials = city.enterprise_serial[firms] if store.ENTITY in FIRMS else city.person_serial[people]
    of_part = written(store, part, serials)
    assert of_part
    assert of_part == written(store, city, serials)


def test_a_day_is_a_function_of_the_day_before(street):
    (one, events), (other, again) = day(street, BUSY), day(street, BUSY)
    assert same(one, other) == []
    assert events.equals(again)
    assert (one.day, one.as_of, street.day) == (1, date.fromordinal(DAY.toordinal() + 1), 0)
    assert one.start == street.start


def test_where_nothing_happens_only_birthdays_and_closed_cases_count(street):
    city, events = day(street, Pace().times(0))
    assert same(city, street) == ["affairs.employer"] or same(city, street) == []
    assert set(events["kind"].to_pylist()) <= {
        "schooling", "coming_of_age", "allowance_age", "retirement", "case_closed", "employment",
    }  # fmt: skip
    with pytest.raises(UsageError, match="birth"):
        Pace(birth=-1)


@pytest.mark.parametrize(
    ("kind", "rate", "of"),
    [
        ("birth", BUSY.birth, "people"),
        ("death", BUSY.death, "people"),
        ("phone", BUSY.phone, "people"),
        ("case", BUSY.case, "people"),
        ("opening", BUSY.opening, "firms"),
    ],
)
def test_things_happen_as_often_as_their_rate_says(street, busy, kind, rate, of):
    _, events = busy
    count = pc.sum(pc.equal(events["kind"], kind)).as_py()
    expected = rate * (len(street.people) if of == "people" else len(street.enterprises)) * 10 / 365
    # relatives that share a telephone change it together
    assert expected - 4 * expected**0.5 < count < (1.5 if kind == "phone" else 1) * (expected + 4 * expected**0.5)


def test_everything_that_can_happen_does(busy):
    kinds = set(busy[1]["kind"].to_pylist())
    assert kinds >= {
        "birth", "death", "move", "registration", "departure", "arrival", "marital", "household", "phone", "employment",
        "retirement", "schooling", "allowance_age", "allowance_granted", "allowance_ended", "assessment", "honour",
        "sale", "purchase", "case", "case_closed", "opening", "closing", "merger",
    }  # fmt: skip


def test_the_city_stays_plausible(street, busy):
    city, _ = busy
    people, here = city.people, city.is_here & city.is_alive
    for values in (people.citizen_id, city.person_id, city.enterprise_id, city.enterprises.credit_code):
        assert len(set(values.to_pylist())) == len(values)
    for serials in (city.person_serial, city.enterprise_serial, city.settled.case_serial):
        assert (np.diff(serials) > 0).all()
    places = np.stack([people.household, people.slot], axis=1)[here]
    assert len(np.unique(places, axis=0)) == len(places), "two in one place of a household"
    heads = here & (people.slot == HEAD) & ~city.lives_apart
    homes = city.dwelling[heads]
    assert len(np.unique(homes)) == len(homes), "two households in one dwelling"
    code_of = {}
    for household, code in zip(people.household.tolist(), city.household_code.tolist(), strict=True):
        assert code_of.setdefault(household, code) == code
    assert (city.settled.owner < len(people)).all()
    assert same(replace(street, day=0), street) == []


def test_newborns_take_after_their_parents(street, busy):
    city, events = busy
    born = events.filter(pc.equal(events["kind"], "birth"))
    rows = portion.rows_of(born["serial"].to_numpy(), city.person_serial)
    assert (city.age[rows] < 0.05).all()
    assert (city.people.birth[rows] > street.today).all()
    for row in rows:
        family = np.flatnonzero(city.people.household == city.people.household[row])
        assert city.people.names.surname[row] in city.people.names.surname[np.setdiff1d(family, row)]
        assert city.people.citizen_id[int(row)].as_py()[6:14] == str(city.people.birth[row]).replace("-", "")
        assert city.people.relation[int(row)].as_py()[0] in "234"


def test_the_married_live_together_and_the_widowed_are_told(busy):
    city, _ = busy
    marital = np.array(city.people.marital_status.to_pylist())
    spouse = portion.members(city, np.flatnonzero((city.people.slot == SPOUSE) & city.is_alive & city.is_here))
    assert {"20", "22"} & set(marital[spouse])
    dead = (city.people.death > city.start) & (city.people.slot == HEAD)
    for household in city.people.household[dead]:
        left = (city.people.household == household) & (city.people.slot == SPOUSE) & city.is_alive
        assert set(marital[left]) <= {"30"}


def test_a_merger_moves_dwellings_and_enterprises(busy):
    city, events = busy
    codes = city.communities["code"].to_pylist()
    used = {codes[row] for row in np.unique(city.homes.community)}
    assert "320613005019" in used
    assert not used & {"320613005002", "320613005003"}
    assert not {codes[row] for row in np.unique(city.enterprises.community)} & {"320613005002", "320613005003"}
    told = events.filter(pc.equal(events["kind"], "merger"))
    assert set(told["before"].to_pylist()) == {"320613005002", "320613005003"}
    assert set(told["after"].to_pylist()) == {"320613005019"}


def test_a_city_made_after_a_merger_has_merged_communities(reference):
    city = make_city(reference, scale="community", seed=3, as_of=date(2026, 12, 4))
    codes = city.communities["code"].to_pylist()
    assert "320613005019" in {codes[row] for row in city.homes.community}
    assert "320613005002" not in {codes[row] for row in city.homes.community}


@pytest.mark.parametrize(
    ("every", "on", "days"),
    [("day", 0, 30), ("week", 2, 5), ("month", 5, 1), ("year", 258, 0)],
)
def test_offices_work_on_their_days(every, on, days):
    rhythm = Rhythm(every, hears={}, delay=(0, 0), on=on)
    december = [date.fromordinal(DAY.toordinal() + place) for place in range(1, 31)]
    assert sum(map(rhythm.works_on, december)) in {days, days - 1}


def test_an_office_hears_later_and_not_of_everything(busy):
    _, events = busy
    rhythm = Rhythm("day", hears={"phone": 0.5}, delay=(2, 6), slow={"phone": (0.25, 100)})
    phones = pc.sum(pc.equal(events["kind"], "phone")).as_py()
    heard = rhythm.heard(events, 1, 1, "some/office")
    assert heard.num_rows == pytest.approx(phones / 2, rel=0.25)
    due = heard["due"].to_numpy()
    assert set(due[due < 100]) == {3, 4, 5, 6, 7}
    assert (due > 100).mean() == pytest.approx(0.25, abs=0.1)
