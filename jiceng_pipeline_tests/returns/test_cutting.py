"""What cutting a package costs, and what it leaves behind when it cannot be written."""

import ast
import resource
import subprocess
import sys

import pytest

from jiceng_pipeline.core.errors import StorageFailure, UsageError
from jiceng_pipeline.core.settings import PACKAGE
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants, package
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect

from .conftest import HERE, NAMES, fill, row, served_rows

ASK = {"actor": "operator", "community": HERE, "dataset": "resident_register"}
HEAVY = ("sqlalchemy", "sqlglot", "pandas", "pyarrow", "numpy", "dagster", "great_expectations", "xlsxwriter")


def test_only_the_decision_gives_leave_to_read():
    makers = {
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Access"
    }
    assert makers == {"access.py"}


def test_importing_the_room_is_cheap():
    lean = f"import sys; import jiceng_pipeline.returns.package; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    assert subprocess.run([sys.executable, "-c", lean], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("format", package.kinds())
def test_cutting_needs_no_data_frames(served, format):
    lean = f"""
import sys
from pathlib import Path
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.package import cut
cut(Settings(home=Path({str(served.home)!r})), **{ASK!r}, format={format!r})
print(sorted(set(sys.modules) & {{"pandas", "pyarrow", "numpy", "sqlglot", "dagster"}}))
"""
    done = subprocess.run([sys.executable, "-c", lean], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """An instance with 30,000 residents in 15 communities and 200,000 rows of other tables."""
    from jiceng_pipeline.core.settings import Settings

    settings = Settings(home=tmp_path_factory.mktemp("street"))
    database = build.private(settings, "run")
    with connect(database, settings=settings) as connection:
        fill(connection, settings)
        connection.execute(
            """insert into returned.resident_register by name
            select '3206130050' || lpad(cast(1 + i // 2000 as varchar), 2, '0') as community_code,
                '虹桥社区居委会' as community_name, md5(cast(i as varchar)) as resident_id, '张小三' as name,
                '32060219500101' || lpad(cast(i % 10000 as varchar), 4, '0') as citizen_id, '1' as sex_code,
                date '1950-01-01' + cast(i % 20000 as integer) as birth_date, '20' as marital_status_code,
                '138' || lpad(cast(i as varchar), 8, '0') as phone, '青年东路' || i || '号' as registered_address,
                '青年东路' || i || '号' as dwelling_address, true as has_hypertension, 2 as system_count,
                'health/resident_health_record,public_security/household_register' as source_systems,
                date '2026-11-23' as source_date
            from range(30000) as t(i)"""
        )
        connection.execute(
            "create schema governance; create table governance.cell as select i, md5(cast(i as varchar)) as text "
            "from range(200000) as t(i)"
        )
    publish.publish(settings, database, {"inputs": {"business_date": "2026-11-24"}, "summary": {}})
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    return settings


@pytest.mark.parametrize("format", package.kinds())
def test_of_a_whole_street_a_package_has_the_people_of_one_community(street, format):
    assert cut(street, **ASK, format=format).rows == 2_000


def test_a_file_in_the_folders_place_is_said(served, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageFailure, match="不是文件夹"):
        cut(served, **ASK, folder=tmp_path / "taken")
    with pytest.raises(StorageFailure, match="不是文件夹"):
        cut(served, **ASK, folder=tmp_path / "taken" / "below")


@pytest.mark.parametrize("format", package.kinds())
def test_a_full_disk_leaves_no_half_file_and_keeps_the_one_before(street, tmp_path, format):
    ask = {**ASK, "format": format, "folder": tmp_path / "out"}
    first = cut(street, **ask)
    before = first.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - 500, limits[1]))
    try:
        with pytest.raises((StorageFailure, OSError)):
            cut(street, **ask)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with open_ledger(street) as ledger:
        last = max(views.entries(ledger, Audit), key=lambda entry: entry.seq)
    assert last.body.outcome == "failed"  # it was the file that did not fit, not the audit
    assert last.receipt != first.receipt
    (left,) = (tmp_path / "out").iterdir()
    assert left.read_bytes() == before


def test_a_community_of_the_same_name_elsewhere_gets_a_folder_of_its_own(settings):
    person = {"community_code": HERE, "community_name": NAMES[HERE], "resident_id": "r1"}
    elsewhere = "320685102001"
    served_rows(settings, resident_register=[person, row(person, community_code=elsewhere, resident_id="r2")])
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    made = [cut(settings, **{**ASK, "community": code}).path for code in (HERE, elsewhere)]
    assert [path.parent.name for path in made] == [HERE, elsewhere]


def test_a_dataset_the_version_was_made_without_is_missing_not_damaged(served):
    later = Dataset("made_later", "后来才有的", "核对", ("community_code", "name"))
    with pytest.raises(UsageError, match="还没有这份数据"):
        cut(served, **{**ASK, "dataset": later})
