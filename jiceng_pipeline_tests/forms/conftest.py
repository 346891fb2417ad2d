"""A home whose forms may be sent, and the forms of the community where most people of the city live."""

import shutil

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import admission, prefill
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants


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
