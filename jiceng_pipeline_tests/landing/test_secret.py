"""The instance's secret names every record: without it nothing is landed under other names."""

import json
import os
import subprocess
import sys

import pytest

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings


def remove(path):
    path.unlink()


def empty(path):
    path.write_text("")


def cut(path):
    path.write_bytes(path.read_bytes()[:40])


def overwrite(path):
    path.write_bytes(b"\xff" * 64)


def doctor(home):
    """Return what `jiceng doctor` says of the secret."""
    command = [sys.executable, "-m", "jiceng_pipeline.cli", "doctor", "--json"]
    environment = {**os.environ, "JICENG_HOME": str(home), "JICENG_LANG": "zh"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return next(each for each in json.loads(said.stdout) if "secret" in each["name"] or "密钥" in each["name"])


@pytest.mark.parametrize("harm", [remove, empty, cut, overwrite])
def test_a_secret_that_is_lost_or_damaged_stops_the_pull_until_it_is_back(register, harm):
    register.pull()
    key = register.settings.home / "secret.key"
    kept, named = key.read_bytes(), {row["_record_id"] for row in register.landed()}
    harm(key)
    after = key.read_bytes() if key.exists() else None
    register.settings = Settings(home=register.settings.home)
    register.hold(("王小二", "1", "A"), ("李四", "2", "B"), ("赵五", "3", "C"))
    with pytest.raises(IntegrityError) as caught:
        register.pull()
    assert "从备份恢复 secret.key" in caught.value.cure
    assert str(key) in caught.value.where
    assert (key.read_bytes() if key.exists() else None) == after
    found = doctor(register.settings.home)
    assert (found["exit_code"], found["cure"]) == (8, caught.value.cure)
    key.write_bytes(kept)
    key.chmod(0o600)
    assert register.pull().status == "landed"
    assert named < {row["_record_id"] for row in register.landed()}
    assert doctor(register.settings.home)["exit_code"] == 0


def test_a_home_that_has_landed_nothing_makes_one(register):
    register.path.unlink()
    register.pull()
    (register.settings.home / "secret.key").unlink(missing_ok=True)
    register.settings = Settings(home=register.settings.home)
    assert doctor(register.settings.home)["exit_code"] == 0
    register.hold(("王小二", "1", "A"), ("李四", "2", "B"))
    assert register.pull().status == "landed"
