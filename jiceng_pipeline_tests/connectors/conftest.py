"""Stores of every kind: a real PostgreSQL for the session, an interface that misbehaves on request."""

import psycopg
import pytest

from jiceng_pipeline.simulation.postgresql import serving
from jiceng_pipeline_tests.connectors.interface import Interface


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """Return the URL of a PostgreSQL server."""
    with serving(tmp_path_factory.mktemp("postgres") / "data", note=lambda server: None) as server:
        yield server.url


@pytest.fixture
def database(postgres):
    """Return a connection to the server, and drop what the test made."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("create schema hukou")
        yield connection
        connection.execute("drop schema hukou cascade")


@pytest.fixture
def interface():
    """Return an HTTP interface on loopback that answers what the test asks of it."""
    with Interface() as running:
        yield running
