"""What changed between the version being served and the build, told to each community."""

from datetime import date

import pytest

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import changes, datasets, grants, query
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect

from .conftest import ENTERPRISE, HERE, NAMES, RESIDENT, THERE, fill, row, served_rows

HOUSEHOLD = {"community_code": HERE, "community_name": NAMES[HERE], "household_id": "h1", "head_name": "张小三"}
MOVED = {"community_code": THERE, "community_name": NAMES[THERE]}


def compared(settings, *alterations, **rows):
    """Return the rows of returned.changes that a build with these rows gets, made as a build makes it."""
    with connect(settings=settings) as connection:
        fill(connection, settings, **rows)
        for statement in alterations:
            connection.execute(statement)
        connection.execute("begin")
        changes.build(connection, settings)
        connection.execute("commit")
        columns = "community_code, entity_id, subject_name, dataset, change_code, changed_elements"
        return connection.execute(f"select {columns} from returned.changes").fetchall()


def test_the_first_version_is_the_baseline(settings):
    assert compared(settings, resident_register=[RESIDENT]) == []
    with connect(settings=settings) as connection:
        changes.build(connection, settings)
        assert connection.execute("select comment from duckdb_tables() where table_name = 'changes'").fetchall() == [
            ("首个版本，是以后比较的起点",)
        ]
        assert tuple(n for n, *_ in connection.execute("describe returned.changes").fetchall()) == changes.COLUMNS


def test_nothing_changed_is_nothing_told(settings):
    rows = {"resident_register": [RESIDENT], "household_register": [HOUSEHOLD], "enterprise_register": [ENTERPRISE]}
    served_rows(settings, **rows)
    assert compared(settings, **rows) == []


def test_each_kind_of_change_in_each_register(settings):
    served_rows(
        settings,
        resident_register=[RESIDENT, row(RESIDENT, resident_id="r2", name="李四"), row(RESIDENT, resident_id="r3")],
        household_register=[HOUSEHOLD],
        enterprise_register=[ENTERPRISE],
    )
    assert compared(
        settings,
        resident_register=[
            row(RESIDENT, phone="13900000000", birth_date=date(1950, 1, 2), name=None),
            row(RESIDENT, resident_id="r3", **MOVED, phone=None),
            row(RESIDENT, resident_id="r4", name="王五"),
        ],
        household_register=[row(HOUSEHOLD, household_id="h2", head_name="赵六")],
        enterprise_register=[row(ENTERPRISE, **MOVED)],
    ) == [
        (HERE, "e1", "南通虹桥小吃店", "enterprise_register", "moved_out", "community_code"),
        (HERE, "h1", "张小三", "household_register", "removed", None),
        (HERE, "h2", "赵六", "household_register", "added", None),
        (HERE, "r1", None, "resident_register", "changed", "birth_date,name,phone"),
        (HERE, "r2", "李四", "resident_register", "removed", None),
        (HERE, "r3", "张小三", "resident_register", "moved_out", "community_code"),
        (HERE, "r4", "王五", "resident_register", "added", None),
        (THERE, "e1", "南通虹桥小吃店", "enterprise_register", "moved_in", "community_code"),
        (THERE, "r3", "张小三", "resident_register", "moved_in", "community_code,phone"),
    ]


def test_bookkeeping_is_no_change(settings):
    served_rows(settings, resident_register=[RESIDENT])
    moved_on = row(
        RESIDENT, source_date=date(2026, 11, 24), system_count=9, source_systems="x", community_name="虹桥社区"
    )
    assert compared(settings, resident_register=[moved_on]) == []


def test_columns_of_one_side_only_and_changed_types_do_not_matter(settings):
    served_rows(settings, resident_register=[RESIDENT], enterprise_register=[ENTERPRISE])
    assert compared(
        settings,
        "alter table returned.resident_register add column blood_type_code varchar default '1'",
        "alter table returned.resident_register drop column phone",
        "alter table returned.resident_register alter birth_date type varchar",
        "alter table returned.enterprise_register drop column enterprise_name",
        "update returned.enterprise_register set phone = '13900000000'",
        resident_register=[RESIDENT],
        enterprise_register=[ENTERPRISE],
    ) == [(HERE, "e1", None, "enterprise_register", "changed", "phone")]


def test_a_register_that_is_new_or_gone_is_no_flood(settings):
    served_rows(settings, resident_register=[RESIDENT])
    assert compared(settings, "drop table returned.resident_register", enterprise_register=[ENTERPRISE]) == [
        (HERE, "e1", "南通虹桥小吃店", "enterprise_register", "added", None)
    ]


def test_a_community_gets_its_changes_in_words(settings):
    served_rows(settings, resident_register=[RESIDENT])
    version = served_rows(
        settings, "second", lambda connection: changes.build(connection, settings),
        resident_register=[row(RESIDENT, **MOVED, phone="13900000000")],
    )  # fmt: skip
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    made = cut(settings, actor="operator", community=THERE, dataset="changes", format="csv")
    assert (made.version, made.rows) == (version.name, 1)
    header, line = made.path.read_text("utf-8-sig").splitlines()
    told = dict(zip(header.split(","), line.split(","), strict=True))
    assert told['"变化"'] == '"迁入"'
    assert told['"变更的数据项"'] == '"所属社区代码、联系电话"'
    assert told['"数据集"'] == '"人员底册"'
    assert told['"对象名称"'] == '"张*三"'


def test_that_only_what_is_hidden_changed_is_told_to_nobody_from_whom_it_is_hidden(settings):
    other, moved = row(RESIDENT, resident_id="r2"), row(RESIDENT, resident_id="r3")
    served_rows(settings, resident_register=[RESIDENT, other, moved], household_register=[HOUSEHOLD])
    served_rows(
        settings, "second", lambda connection: changes.build(connection, settings),
        resident_register=[
            row(RESIDENT, subsistence_category_code=None),
            row(other, subsistence_category_code=None, phone="13900000000"),
            row(moved, **MOVED, subsistence_category_code=None),
        ],
        household_register=[row(HOUSEHOLD, is_subsistence_household=True)],
    )  # fmt: skip
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    seen = {"check": {("r2", "phone")}, "full": {("h1", None), ("r1", None), ("r2", None)}, "posted": set()}
    asked = "select entity_id, changed_elements from changes where change_code = 'changed'"
    for profile, expected in seen.items():
        told = {"actor": "operator", "profile": profile, "purpose": "核对"}
        found = query.run(settings, asked, scope=HERE, **told).rows
        assert {key for key, _ in found} == {key for key, _ in expected}
        assert profile != "check" or set(found) == expected
        registers = [
            cut(settings, community=HERE, dataset=name, format="csv", only_changes=True, **told).rows
            for name in ("resident_register", "household_register")
        ]
        assert sum(registers) == len(expected)
        changed = cut(settings, community=HERE, dataset="changes", format="csv", **told)
        assert changed.rows == len(expected) + 1  # and one moved out
    (arrived,) = query.run(settings, "select changed_elements from changes", actor="operator", scope=THERE,
                           purpose="核对").rows  # fmt: skip
    assert arrived == ("community_code",)


def test_every_dataset_is_found_with_its_elements(settings):
    found = datasets.datasets(settings)
    assert {"resident_register", "household_register", "enterprise_register", "to_verify", "changes"} <= set(found)
    assert found["changes"].columns[:3] == ("community_code", "community_name", "entity_id")
    assert all(element(column) for dataset in found.values() for column in dataset.columns)
    with pytest.raises(UsageError):
        datasets.find(settings, "change")
