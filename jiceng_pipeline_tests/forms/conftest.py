"""A home whose forms may be sent, and the forms of the community where most people of the city live."""

import shutil

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import admission, prefill
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

VISIT = "elderly_living_alone_visit"


@pytest.fixture(scope="session")
def listed(synced, tmp_path_factory):
    """Return a home where every form is on the list and the operator may read; for reading and for making files."""
    home = tmp_path_factory.mktemp("listed") / "home"
    shutil.copytree(synced.home, home, symlinks=True)
    settings = Settings(home=home)
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    for form in forms().values():
        admission.admit(settings, form, "operator")
    return settings


@pytest.fixture(scope="session")
def made(listed, tmp_path_factory):
    """Return every form of every community as files: form → community → what was made."""
    folder = tmp_path_factory.mktemp("made")
    found = {}
    for each in prefill.make_all(listed, actor="operator", folder=folder):
        found.setdefault(each.form, {})[each.community] = each
    return found


@pytest.fixture(scope="session")
def community(made):
    """Return the code of the community with the most rows."""
    places = {place for each in made.values() for place in each}
    return max(sorted(places), key=lambda place: sum(each[place].rows for each in made.values() if place in each))


@pytest.fixture(scope="session")
def handed_out(listed, tmp_path_factory):
    """Return (settings, community, workbook) of the visit form where most are to be visited; for reading only."""
    with connect(publish.current(listed).database, settings=listed, read_only=True) as connection:
        ((place, _),) = connection.execute(
            """select community_code, count(*) from governance.tag join governance.resident using (resident_id)
            where tag_code = 'elderly_living_alone' group by all order by 2 desc, 1 limit 1"""
        ).fetchall()
    folder = tmp_path_factory.mktemp("handed_out")
    file = prefill.make(listed, actor="operator", form=VISIT, community=place, folder=folder)
    return listed, place, file.path


@pytest.fixture
def sent(handed_out, tmp_path):
    """Return the same with a ledger of the test's own, and a workbook it may change."""
    settings, place, path = handed_out
    home = tmp_path / "home"
    home.mkdir()
    for each in settings.home.iterdir():
        if not each.name.startswith(("ledger", "sync.lock")):
            (home / each.name).symlink_to(each)
    for each in settings.home.glob("ledger*"):
        shutil.copy(each, home / each.name)
    copy = tmp_path / "form.xlsx"
    shutil.copy(path, copy)
    return Settings(home=home), place, copy
