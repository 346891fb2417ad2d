"""The rules this house lives by, as tests."""

import ast
import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.warehouse.models import models

ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "jiceng_pipeline_tests").rglob("*.py"))
MODELS = models(Settings.load().sql_models)
DOCS = "\n".join(path.read_text("utf-8") for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def of(path):
    return str(path.relative_to(ROOT))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=of)
def test_a_file_is_one_idea(path):
    lines = path.read_text("utf-8").count("\n")
    assert lines <= 300, f"{lines} lines: which second idea moved in?"


@pytest.mark.parametrize("path", MODULES, ids=of)
def test_a_module_says_what_belongs_in_it(path):
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, "no module docstring"


@pytest.mark.parametrize(
    ("library", "room"),
    [("dagster", "defs"), ("great_expectations", "quality"), ("duckdb_engine", "quality"), ("django", "portal")],
)
def test_a_library_is_known_in_one_room_only(library, room):
    elsewhere = [
        of(path)
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
        and path.relative_to(PACKAGE).parts[0] not in {room, "definitions.py"}
    ]
    assert not elsewhere


def test_only_the_warehouse_opens_duckdb():
    opened = [of(p) for p in MODULES if "duckdb.connect(" in p.read_text("utf-8")]
    assert opened == ["jiceng_pipeline/warehouse/connection.py"]


def test_only_one_module_reads_the_clock():
    reading = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(")
    assert [of(p) for p in MODULES if reading.search(p.read_text("utf-8"))] == ["jiceng_pipeline/core/clock.py"]


def test_only_the_command_line_knows_the_simulation():
    knowing = {
        path.relative_to(PACKAGE).parts[0]
        for path in MODULES
        if any(name.startswith("jiceng_pipeline.simulation") for name in imports(path))
        or re.search(r"from jiceng_pipeline import .*simulation", path.read_text("utf-8"))
    }
    assert knowing <= {"cli", "simulation"}


@pytest.mark.parametrize("name", contracts())
def test_every_system_is_named_in_the_docs(name):
    assert name in DOCS


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_named_in_the_docs(name):
    assert name in DOCS


def test_every_rule_is_named_in_the_docs():
    from jiceng_pipeline.quality.rule import rules

    assert [rule for rule in rules() if rule not in DOCS] == []


# What sqlglot turns into Spark SQL without a warning, and Spark then refuses.
_UNPORTABLE = (exp.Pivot, exp.ToArray)
_UNPORTABLE_WORDS = re.compile(
    r"\b(hash|isodow|quantile_cont|histogram|generate_series|printf|jaro_winkler_similarity|levenshtein"
    r"|damerau_levenshtein|hamming|asof|pivot|exclude|replace)\b\s*[( ]|::json|\blen\s*\(",
    re.IGNORECASE,
)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_keeps_to_the_portable_subset(model):
    body = "\n".join(line for line in model.sql.splitlines() if not line.lstrip().startswith("--"))
    assert not _UNPORTABLE_WORDS.search(body)
    tree = sqlglot.parse_one(body, read="duckdb")
    assert not list(tree.find_all(*_UNPORTABLE))
    spark = sqlglot.transpile(body, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert len(spark) == 1
    assert sqlglot.parse_one(spark[0], read="spark").named_selects == list(model.columns)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_is_pasteable_and_lower_case(model):
    body = "\n".join(line.split("--")[0] for line in model.sql.splitlines())
    assert "{{" not in body
    assert not re.search(r"\b(SELECT|FROM|JOIN|WHERE|GROUP|ORDER)\b", body)


def test_nothing_of_this_tree_names_a_private_path_or_a_registry():
    private = re.compile(r"(?<![\w.])/(home|root|work|Users)/\w|index-url|files\.pythonhosted")
    texts = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".yaml", ".toml", ".sql", ".lock"}]
    skipped = {".venv", ".git", "node_modules", "data"}
    found = [
        of(p)
        for p in texts
        if not skipped & set(p.relative_to(ROOT).parts) and p != Path(__file__) and private.search(p.read_text("utf-8"))
    ]
    assert not found
