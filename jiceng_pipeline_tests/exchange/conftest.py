import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.simulation.postgresql import serving

from .village import in_office


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def ledger(settings, monkeypatch):
    """Return the ledger of a Tuesday in November, with people in office."""
    monkeypatch.setenv("JICENG_NOW", "2026-11-24T09:00:00+08:00")
    with open_ledger(settings) as opened:
        in_office(opened)
        yield opened


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """Return the URL of a PostgreSQL server."""
    with serving(tmp_path_factory.mktemp("postgres") / "data", note=lambda server: None) as server:
        yield server.url
