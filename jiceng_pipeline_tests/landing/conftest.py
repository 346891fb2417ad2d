"""One small register a test, in SQLite, with an instance beside it."""

import pytest

from jiceng_pipeline_tests.landing.trial import Register


@pytest.fixture
def register(tmp_path):
    """Return a register that holds two people."""
    found = Register(tmp_path)
    found.hold(("王小二", "1", "A"), ("李四", "2", "B"))
    return found
