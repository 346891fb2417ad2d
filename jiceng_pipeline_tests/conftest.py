"""One simulated community for all rooms: its systems run for the whole session, and one home is synced from them."""

import os
import shutil
import signal

import pytest
import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.running import running
from jiceng_pipeline.simulation.simulate import simulate

# whoever runs the tests in the background may hand down that an interrupt is ignored, and tests interrupt processes
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("JICENG_NICE", "0")  # commands run in this very process, which nobody can lift again


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    """Return the settings of a simulated community whose department systems are running."""
    settings = Settings(home=tmp_path_factory.mktemp("city"))
    simulate(settings, scale="community", seed=7)
    with running(settings):
        yield settings


def home_beside(city, folder):
    """Return a fresh home that pulls from the running city."""
    folder.mkdir(parents=True)
    shutil.copy(city.connections, folder / "connections.yaml")
    (folder / "simulated").symlink_to(city.simulated)
    return Settings(home=folder)


@pytest.fixture
def home(city, tmp_path):
    """Return a home of the test's own, never synced, connected to the running city."""
    return home_beside(city, tmp_path / "home")


@pytest.fixture(scope="session")
def synced(city, tmp_path_factory):
    """Return a home that was synced once; for reading only."""
    from jiceng_pipeline.defs.launch import run_sync

    settings = home_beside(city, tmp_path_factory.mktemp("synced") / "home")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JICENG_KEPT_RECORDS", "0")  # whoever syncs a copy again may go by what was kept
        report = run_sync(settings)
    assert report.exit_code == 0, report
    return settings


@pytest.fixture
def synced_copy(synced, tmp_path):
    """Return a copy of the synced home that a test may change."""
    shutil.copytree(synced.home, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home")


@pytest.fixture
def reroute():
    """Return a function that points one system of a home somewhere else."""

    def change(settings, system, **address):
        connections = yaml.safe_load(settings.connections.read_text("utf-8"))
        connections[system] = {**connections[system], **address}
        settings.connections.write_text(yaml.safe_dump(connections, allow_unicode=True), "utf-8")

    return change


@pytest.fixture(scope="session")
def month(tmp_path_factory):
    """Return a community that lived for thirty days, synced every evening, and what was seen each time.

    It takes minutes, once; for reading only.
    """
    from jiceng_pipeline_tests.days import Month, live
    from jiceng_pipeline_tests.subscribers import Subscribers

    settings = Settings(home=tmp_path_factory.mktemp("month"))
    evenings, delivered, subscribers = [], [], None
    for evening in live(settings):
        subscribers = subscribers or Subscribers(settings)
        evenings.append(evening)
        delivered.append(subscribers.evening())
    return Month(settings, evenings, subscribers, delivered)
