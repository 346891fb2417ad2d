"""One build of the small world a session; each test gets a copy of its own."""

import shutil

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.quality import world


@pytest.fixture(scope="session")
def clean_build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quality")
    settings = Settings(home=folder, business_date=world.DAY)
    path = folder / "clean.duckdb"
    with connect(path, settings=settings) as connection:
        world.build(connection, settings)
    return path


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, business_date=world.DAY)


@pytest.fixture
def build(clean_build, settings, tmp_path):
    path = tmp_path / "build.duckdb"
    shutil.copyfile(clean_build, path)
    with connect(path, settings=settings) as connection:
        yield connection
