"""One small register a test, in SQLite, with an instance beside it."""

import datetime as dt
import shutil
from functools import cache

import pytest

from jiceng_pipeline_tests.landing import drifting
from jiceng_pipeline_tests.landing.changing import Platform
from jiceng_pipeline_tests.landing.drifting import COLUMNS, STORES, people, standard_of
from jiceng_pipeline_tests.landing.trial import Register

DAY = dt.datetime(2026, 5, 1, 20, tzinfo=dt.UTC)


@pytest.fixture
def register(tmp_path):
    """Return a register that holds two people."""
    found = Register(tmp_path)
    found.hold(("王小二", "1", "A"), ("李四", "2", "B"))
    return found


@pytest.fixture
def on(monkeypatch):
    """Return a function that sets the clock to a day counted from the first."""

    def change(day):
        monkeypatch.setenv("JICENG_NOW", (DAY + dt.timedelta(days=day)).isoformat())

    change(0)
    return change


@pytest.fixture
def platform(register, on):
    """Return a platform of three records, connected to the register's home."""
    with Platform() as platform:
        for key in "abc":
            platform.put(key, f"王{key}", f"2026-05-01T08:00:0{ord(key) - 96}")
        register.connect(**platform.address)
        yield platform


@pytest.fixture(scope="session")
def divisions(tmp_path_factory):
    """Return a database that has the division tree."""
    return drifting.divisions(tmp_path_factory.mktemp("divisions") / "divisions.duckdb")


@pytest.fixture(scope="session")
def landed(tmp_path_factory, divisions):
    """Return a function that gives the folder of a store with people in it, landed once."""

    @cache
    def made(kind):
        store = STORES[kind](tmp_path_factory.mktemp(kind), divisions)
        store.write(COLUMNS, people())
        assert store.pull().status == "landed"
        assert store.standard() == (standard_of(people()), [])
        return store.folder.parent

    return made


@pytest.fixture
def held(request, landed, divisions, tmp_path):
    """Return a store of the kind asked for, landed once, with people in it."""
    shutil.copytree(landed(request.param), tmp_path / "held")
    return STORES[request.param](tmp_path / "held", divisions)
