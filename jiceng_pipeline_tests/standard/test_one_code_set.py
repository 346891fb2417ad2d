"""One code more in one file: casts, checks, words, tables and the dictionary know it, and nothing else is edited."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jiceng_pipeline
from jiceng_pipeline.core.settings import Settings

NEW, NAME = "50", "分居"
ASKED = """
import json
from jiceng_pipeline.cli.catalogue import page
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import standard_values
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard import reference
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect

settings, marital = Settings.load(), element("marital_status_code")
contract = contracts()["public_security/household_register"]
(column,) = (name for name, each in contract.columns.items() if each == marital.id)
with connect(settings=settings) as connection:
    connection.execute("create schema standard")
    reference.create_code(connection, settings)
    connection.execute(f"create table t as select '50' as {column}")
    one = lambda sql: connection.execute(sql).fetchone()[0]
    told = {
        "cast": one(f"select {standard_values.value(contract, column, marital)} from t"),
        "check": "50" in rules()["marital_status_code_in_code_set"].expectation.allowed,
        "words": one(f"select {in_words(marital, repr('50'), {})}"),
        "table": one("select max(name) from standard.code where code_set = 'marital_status' and code = '50'"),
    }
line = next(line for line in page(settings).splitlines() if line.startswith("| `marital_status` |"))
print(json.dumps(told | {"dictionary": int(line.split("|")[2])}))
"""


def asked(root):
    environment = {**os.environ, "PYTHONPATH": str(root), "JICENG_HOME": str(root / "home")}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, env=environment, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_code_is_added_in_one_place(tmp_path):
    package = Path(jiceng_pipeline.__file__).parent
    shutil.copytree(package, tmp_path / "jiceng_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Settings.load().sql_models, tmp_path / "dbt_like_sql")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "reference").symlink_to(Settings.load().reference)
    before = asked(tmp_path)
    assert {name: before[name] for name in ("cast", "check", "table")} == {"cast": None, "check": False, "table": None}

    with (tmp_path / "jiceng_pipeline/standard/code_sets/marital_status.csv").open("a", encoding="utf-8") as file:
        file.write(f"{NEW},{NAME}\n")
    assert asked(tmp_path) == {
        "cast": NEW,
        "check": True,
        "words": NAME,
        "table": NAME,
        "dictionary": before["dictionary"] + 1,
    }
