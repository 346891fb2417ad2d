"""A city of several townships: each made by itself, none sharing a number with another, all in every store."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest
from stdnum.cn import uscc

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline.simulation import offices, truth
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.plan import RESIDENTS_PER_ENTERPRISE, Share, laid_out, neighbours, plan
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline_tests.landing.standardised import standardised
from jiceng_pipeline_tests.simulation.conftest import DAY

SHORT = ("320613004", "320613005")
TOWNSHIPS = ("320613004000", "320613005000", "320614103000")  # two of one district, one of another
REGISTER, PUPILS = "public_security/household_register", "education/student_roster"

ALONE = """
import sys
from pathlib import Path
from jiceng_pipeline.core.progress import listening
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.plan import Share, laid_out
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.simulate import simulate
if __name__ == "__main__":
    settings = Settings(home=Path(sys.argv[1]))
    reference = Reference.read(settings.reference)
    townships = [code for district in ("320613", "320681", "320685") for code in reference.townships(district)]
    with listening(lambda step: print(step.subject, flush=True)):
        simulate(settings, scale="city", shards=laid_out(reference, [Share(code, 2_000) for code in townships]))
"""


@pytest.fixture(scope="module")
def shards(reference):
    return laid_out(reference, [Share(township, 600) for township in TOWNSHIPS])


@pytest.fixture(scope="module")
def made(shards, tmp_path_factory):
    """Return a home with a city of three small townships."""
    settings = Settings(home=tmp_path_factory.mktemp("shards"))
    simulate(settings, scale="city", seed=5, as_of=DAY, shards=shards)
    return settings


@pytest.fixture(scope="module")
def residents(made):
    return pq.read_table(truth.truth(made).resident)


def test_the_plan_of_the_city_is_that_of_the_census(reference):
    every = plan(reference, "city")
    assert sum(shard.residents for shard in every) == 7_726_635
    assert len({shard.township for shard in every}) == len(every) > 100
    assert len({shard.district for shard in every}) == 8
    assert len({shard.name for shard in every}) == len(every)
    of_district = plan(reference, "district")
    assert {shard.district_name for shard in of_district} == {"崇川区"}
    assert sum(shard.residents for shard in of_district) == 1_183_740


@pytest.mark.parametrize("scale", ["district", "city"])
def test_the_numbers_of_townships_do_not_overlap(reference, scale):
    every = plan(reference, scale)
    for one, next_one in pairwise(every):
        assert one.first_person + 1.25 * one.residents < next_one.first_person
        assert one.first_household + 1.25 * one.households < next_one.first_household
        assert one.first_enterprise + 1.25 * one.residents / RESIDENTS_PER_ENTERPRISE < next_one.first_enterprise
        assert one.first_dwelling + 1.5 * one.households < next_one.first_dwelling
    assert every[-1].first_person + 2 * every[-1].residents < 20_000_000, "as many landlines there are"
    stations = Counter((shard.district.replace("320671", "320613"), shard.station) for shard in every)
    assert set(stations.values()) == {1}


@pytest.mark.parametrize(
    ("district", "young", "old", "size"), [("320614", 0.109, 0.308, 2.22), ("320681", 0.0945, 0.3548, 2.20)]
)
def test_ages_and_households_are_those_of_the_census(reference, district, young, old, size):
    (shard,) = laid_out(reference, [Share(f"{district}10{1 if district == '320681' else 3}000", 40_000)])
    city = make_city(reference, scale="city", seed=2, as_of=DAY, shard=shard)
    age = city.age[city.is_alive]
    assert (age < 15).mean() == pytest.approx(young, abs=0.01)
    assert (age >= 60).mean() == pytest.approx(old, abs=0.01)
    assert len(city.people) / shard.households == pytest.approx(size, rel=0.01)


def test_a_township_is_the_same_whoever_is_made_beside_it(reference, shards, residents):
    alone = truth.residents(make_city(reference, scale="city", seed=5, as_of=DAY, shard=shards[2]))
    assert residents.slice(residents.num_rows - alone.num_rows).equals(alone)


@pytest.mark.parametrize("column", ["person_id", "citizen_id"])
def test_no_two_people_share_a_number(residents, column):
    numbers = residents[column].drop_null().to_pylist()
    assert len(set(numbers)) == len(numbers) > 0.98 * residents.num_rows


def test_telephones_are_shared_in_families_only(residents):
    household = {}
    for phone, whose in zip(residents["phone"].to_pylist(), residents["household_id"].to_pylist(), strict=True):
        assert household.setdefault(phone, whose) == whose
    assert not set(residents["previous_phone"].to_pylist()) & set(household)


def test_no_two_dwellings_share_an_address(residents):
    registered = residents.filter(residents["is_registered"])
    both = set(zip(registered["registered_address"].to_pylist(), registered["household_id"].to_pylist(), strict=True))
    assert len({address for address, _ in both}) == len(both)


def test_addresses_are_of_the_district_and_villages_have_groups(residents):
    here = residents.filter(residents["is_registered"])
    for address, code in zip(here["registered_address"].to_pylist(), here["community_code"].to_pylist(), strict=True):
        if code.startswith("320614103"):
            assert address.startswith("江苏省南通市海门区常乐镇")
            assert ("组" in address) == (code[9] == "2"), address
        if code.startswith("320613"):
            assert address.startswith("江苏省南通市崇川区")


def test_enterprises_have_codes_of_their_own(made):
    firms = pq.read_table(truth.truth(made).enterprise)
    for column in ("enterprise_id", "credit_code", "registration_number"):
        assert len(set(firms[column].to_pylist())) == firms.num_rows
    assert all(uscc.is_valid(code) for code in firms["credit_code"].to_pylist())


@pytest.mark.parametrize("system", stores())
def test_every_office_writes_of_every_township(made, system):
    tables = list(offices.kept(made, system))
    assert len(tables) == len(TOWNSHIPS)
    assert all(table.num_rows for table in tables)
    key = stores()[system].KEY
    keys = [row for table in tables for row in zip(*(table[name].to_pylist() for name in key), strict=True)]
    assert len(set(keys)) == len(keys)


def test_household_numbers_are_those_of_one_household(made):
    numbers = Counter()
    for table in offices.kept(made, REGISTER, ["hh", offices.ENTITY]):
        numbers.update(set(table["hh"].to_pylist()))
    assert set(numbers.values()) == {1}
    assert {number[:9] for number in numbers} == {township[:9] for township in TOWNSHIPS}


def test_the_truth_speaks_of_every_record(made):
    for entity, table in truth.KEYS.items():
        records = pq.read_table(truth.truth(made).folder / f"{entity}_record.parquet")
        of_kind = [system for system, store in stores().items() if entity == store.ENTITY]
        held = {system: sum(rows.num_rows for rows in offices.kept(made, system)) for system in of_kind}
        assert Counter(records["system"].to_pylist()) == held, table


def test_a_district_has_its_own_workbook_of_pupils(made):
    found = sorted((made.simulated / "stores" / PUPILS).iterdir())
    assert [path.name for path in found] == ["学生花名册_320613.xlsx", "学生花名册_320614.xlsx"]
    sheets = [openpyxl.load_workbook(path).sheetnames for path in found]
    assert any(name.startswith("虹桥") for name in sheets[0])
    assert all(name.startswith("常乐") for name in sheets[1])


def test_neighbours_are_of_the_same_district(reference):
    assert neighbours(reference, "320613005000") == ("320613003000", "320613004000")
    for shard in plan(reference, "city"):
        near = neighbours(reference, shard.township)
        assert len({shard.township, *near}) == 3
        assert {each[:6] for each in near} == {shard.district}


NAMED = (  # systems that write names of communities, and in which column
    ("health/resident_health_record", "village"),
    ("social_security/pension_insurance", "社区"),
    ("education/student_roster", "家庭/所属社区"),
)


def test_every_store_is_pulled_whole_and_communities_are_found(made):
    with running(made):
        outcomes = {name: pull(contract, made) for name, contract in contracts().items()}
    held = {system: sum(rows.num_rows for rows in offices.told(made, system)) for system in stores()}
    assert {name: outcome.rows_in for name, outcome in outcomes.items()} == held
    for system, column in NAMED:
        with standardised(made, contracts()[system]) as connection:
            found = connection.execute(
                "select distinct community_code_raw, community_code from standard."
                f"{contracts()[system].table} where community_code_raw <> ''"
            ).fetchall()
        assert {code[:6] for _, code in found} == {"320613", "320614"}, column
        assert {name.startswith(("虹桥街道", "新城桥街道")) for name, code in found if code[:9] in SHORT} == {True}


def of_group(leader):
    """Return the processes of a group that still live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            found += [path.parent.name] if group == str(leader) and state != "Z" else []
    return found


def test_an_interrupt_leaves_no_process_behind(tmp_path):
    script = tmp_path / "alone.py"
    script.write_text(ALONE, "utf-8")
    command = [sys.executable, str(script), str(tmp_path / "home")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True) as child:
        assert child.stdout.readline().decode().strip() == "城东街道"
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(60) != 0
    until = time.monotonic() + 20
    while (left := of_group(child.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left
    assert not (tmp_path / "home/simulated/city.json").exists()


def test_reference_tables_of_districts_sum_up(reference):
    shares = np.array([[row[kind] for kind in list(row)[4:]] for row in reference.districts.to_pylist()])
    assert np.allclose(shares.sum(axis=1), 1, atol=0.001)
    assert all(reference.townships(code) for code in reference.districts["code"].to_pylist())
