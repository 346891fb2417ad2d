import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.store import open_ledger

READ = Audit(action="return", dataset="resident_register", scope="320613005001", profile="check", outcome="granted")


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def ledger(settings):
    with open_ledger(settings) as opened:
        yield opened


def filled(settings, count):
    """Make a ledger of `count` events and close it."""
    with open_ledger(settings) as opened:
        for number in range(count):
            opened.append("audit", f"subject {number}", READ, "operator")
