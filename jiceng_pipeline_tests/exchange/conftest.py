import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation.postgresql import serving


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """Return the URL of a PostgreSQL server."""
    with serving(tmp_path_factory.mktemp("postgres") / "data", note=lambda server: None) as server:
        yield server.url
