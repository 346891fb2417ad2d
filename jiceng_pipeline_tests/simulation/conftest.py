"""One street and one community, made once; their records with the usual errors and with very many."""

import json
from dataclasses import fields, replace
from datetime import date

import pytest
import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.store import stores

DAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def reference():
    return Reference.read(Settings.load().reference)


@pytest.fixture(scope="session")
def street(reference):
    """Return a street's truth."""
    return make_city(reference, scale="street", seed=11, as_of=DAY)


@pytest.fixture(scope="session")
def community(reference):
    """Return a community's truth."""
    return make_city(reference, scale="community", seed=11, as_of=DAY)


@pytest.fixture(scope="session")
def written(street):
    """Return what every department wrote down of the street: system → records."""
    return {system: store.records(street, Rates()) for system, store in stores().items()}


@pytest.fixture(scope="session")
def careless(community):
    """Return what very careless departments wrote down of the community: every slip in a fifth of the cells."""
    slips = {each.name: 0.2 for each in fields(Rates) if each.name not in {"cell_rubbish", "number_missing"}}
    rates = replace(Rates(), **slips)
    return {system: store.records(community, rates) for system, store in stores().items()}


@pytest.fixture(scope="session")
def told(city, reference):
    """Return what was written into the running city's stores, made anew from its parameters."""
    made = json.loads((city.simulated / "city.json").read_text("utf-8"))
    day = date.fromisoformat(made["as_of"])
    truth = make_city(reference, scale=made["scale"], seed=made["seed"], as_of=day)
    return {system: store.records(truth, Rates()) for system, store in stores().items()}


@pytest.fixture(scope="session")
def connections(city):
    return yaml.safe_load(city.connections.read_text("utf-8"))
