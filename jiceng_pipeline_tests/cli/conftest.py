"""The command line, run in this process on a copy of the synced home."""

import pytest

from jiceng_pipeline.cli.app import main


@pytest.fixture
def jiceng(synced_copy, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))

    def run(*arguments):
        with pytest.raises(SystemExit) as done:
            main(list(arguments))
        told = capsys.readouterr()
        return done.value.code, told.out, told.err

    return run
