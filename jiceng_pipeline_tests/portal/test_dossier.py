"""A dossier that masks what somebody draws does not name the system that tells of it."""

import pytest

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import dossier
from jiceng_pipeline.returns import communities, datasets, grants, masks
from jiceng_pipeline.returns.access import authorise
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

TELLING = "civil_affairs/subsistence_allowance"


@pytest.mark.parametrize("profile", ["check", "full"])
def test_a_system_that_tells_of_the_hidden_is_named_only_where_all_is_seen(synced, settings_of_ledger, profile):
    version = publish.find(synced)
    register = datasets.find(synced, "resident_register")
    with (
        connect(version.database, settings=synced, read_only=True) as connection,
        open_ledger(settings_of_ledger) as ledger,
    ):
        grants.ensure_operator(ledger)
        key, scope = connection.execute(
            """select r.resident_id, r.community_code from returned.resident_register as r
            join matching.resident_candidate as c on c.entity_id = r.resident_id
            where c.system = ? order by all limit 1""",
            [TELLING],
        ).fetchone()
        access = authorise(ledger, "operator", register, scope, profile, "核实" if profile == "full" else None)
        cut = Cut(connection, register, communities.find(synced, scope), access, version, {})
        found = dossier.read(cut, "resident", key, "name")
    named = {word.system for cell in found.cells for word in cell.words}
    assert named
    assert (TELLING in named) == (profile == "full")
    assert bool(named & masks.telling_systems()) == (profile == "full")


@pytest.fixture
def settings_of_ledger(tmp_path):
    """Return a home of the test's own for the ledger: the synced one is for reading only."""
    from jiceng_pipeline.core.settings import Settings

    return Settings(home=tmp_path / "ledger")
