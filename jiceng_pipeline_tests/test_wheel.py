"""The wheel, installed away from the checkout, runs a community with what it carries."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from jiceng_pipeline.core.settings import PACKAGE

ROOT = PACKAGE.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel and install it, alone, into an environment that borrows the libraries of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "borrowed.pth").write_text("\n".join(borrowed))
    python = folder / "venv" / "bin" / "python"
    unpack = f"import zipfile; zipfile.ZipFile({str(wheel)!r}).extractall({str(packages)!r})"
    subprocess.run([python, "-I", "-c", unpack], check=True)
    return python


def run(python, home, *arguments):
    environment = {**os.environ, "JICENG_HOME": str(home), "JICENG_LANG": "en", "PYTHONPATH": ""}
    return subprocess.run(
        [python, "-m", "jiceng_pipeline.cli", *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_runs_a_community_elsewhere(installed, tmp_path):
    where = subprocess.run(
        [installed, "-c", "import jiceng_pipeline; print(jiceng_pipeline.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not Path(where.stdout.strip()).is_relative_to(ROOT), "the checkout was imported, not the wheel"
    done = run(installed, tmp_path, "run", "--scale", "community")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "accuracy" in done.stdout
    state = json.loads(run(installed, tmp_path, "status", "--json").stdout)
    assert state["entities"]["resident"] > 1_500
    forms = json.loads(run(installed, tmp_path, "form", "list", "--json").stdout)
    assert {each["state"] for each in forms} == {"admitted"}, "whoever tries it can make a form at once"
    assert {path.name for path in tmp_path.iterdir()} >= {"landing", "published", "ledger.sqlite", "dagster"}
