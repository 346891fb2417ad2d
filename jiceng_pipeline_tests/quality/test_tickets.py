"""Problems become tickets: to the right owner, one a record or one a systemic cause, with place and reason."""

from datetime import date

import pytest

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import outcome
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline.quality import counting, evidence, tickets
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.quality.run import check
from jiceng_pipeline.warehouse.table import Table, materialise
from jiceng_pipeline_tests.quality.defects import DEFECTS
from jiceng_pipeline_tests.quality.world import CANARIES, DAY, FOOD, HEALTH, POLICE, RELIEF, record_id


def built(build, settings, *chosen):
    catalogue = {rule_id: rules()[rule_id] for rule_id in chosen}
    for layer in {rule.layer for rule in catalogue.values()}:
        check(build, layer, settings, catalogue)
    tickets.build(build, settings)
    cursor = build.execute("from quality.ticket order by system, kind, reason, record_id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_clean_world_has_no_tickets(build, settings):
    assert built(build, settings, *rules()) == []


def test_a_failed_rule_is_a_ticket_a_record_with_the_row_as_the_department_has_it(build, settings):
    build.execute("update standard.resident_record set sex_code = '2' where sex_code = '1'")
    found = built(build, settings, "sex_agrees_with_id", "citizen_id_checksum")
    assert [(ticket["system"], ticket["count"], ticket["column"], ticket["row"]) for ticket in found] == [
        (HEALTH, 1, "gender", 2),
        (POLICE, 1, "xbdm", 2),
        (POLICE, 1, "xbdm", 4),
        ("social_security/pension_insurance", 1, "性别", 2),
    ]
    police = found[1]
    assert police["owner"] == contracts()[POLICE].owner.name
    assert (police["kind"], police["element_id"], police["cause"]) == ("rule", "sex_code", "sex_agrees_with_id")
    assert (police["file"], police["record_id"]) == ("household_register.src", record_id(POLICE, 0))
    assert police["reason"].startswith("性别与身份号码一致：")
    assert (police["opened_date"], police["due_date"]) == (DAY, date(2026, 12, 1))
    assert (police["state"], police["is_overdue"], police["is_systemic"]) == ("open", False, False)
    assert len({ticket["ticket_id"] for ticket in found}) == 4


def many_more(build, count):
    """Add records of the police that all lack a name."""
    build.execute("create or replace temp table extra as select * from standard.resident_record limit 1")
    build.execute(
        f"""insert into standard.resident_record by name select extra.* replace (
            printf('%032d', i) as record_id, null as name, '{POLICE}' as system) from extra, range({count}) as r(i)"""
    )


@pytest.mark.parametrize(("count", "tickets_made"), [(evidence.OWN_TICKETS, evidence.OWN_TICKETS), (21, 1)])
def test_more_records_than_a_clerk_can_take_one_by_one_are_one_systemic_ticket(build, settings, count, tickets_made):
    many_more(build, count)
    found = built(build, settings, "resident_record_named")
    assert len(found) == tickets_made
    assert {ticket["is_systemic"] for ticket in found} == {tickets_made == 1}
    assert sum(ticket["count"] for ticket in found) == count
    if tickets_made == 1:
        assert found[0]["example_keys"] == [f"{i:032}" for i in range(evidence.EXAMPLES)]
        assert found[0]["record_key"] is None


@pytest.mark.parametrize(
    ("rule_id", "system", "record"),
    [
        ("subsistence_not_to_dead", RELIEF, record_id(RELIEF, 0)),
        ("food_licence_valid_while_open", FOOD, record_id(FOOD, 0)),
        ("citizen_id_not_borrowed", POLICE, record_id(POLICE, 1)),
    ],
)
def test_what_two_departments_say_together_goes_to_the_one_that_can_mend_it(build, settings, rule_id, system, record):
    build.execute(DEFECTS[rule_id][0])
    (ticket,) = built(build, settings, rule_id)
    assert (ticket["system"], ticket["record_id"]) == (system, record)
    assert ticket["file"] == f"{system.partition('/')[2]}.src"
    assert ticket["row"] >= 2


def test_of_two_records_of_one_entity_the_ticket_names_the_one_whose_value_stands(build, settings):
    """A shop with two licences, of which one has run out: that one is to be looked at."""
    another, stands = "0" * 32, record_id(FOOD, 0)
    for table in ("standard.market_supervision__food_licence", "matching.enterprise_link"):
        build.execute(
            f"""insert into {table} select * replace ('{another}' as record_id) from {table}
            where record_id = '{stands}'"""
        )
    build.execute(DEFECTS["food_licence_valid_while_open"][0])
    (ticket,) = built(build, settings, "food_licence_valid_while_open")
    assert ticket["record_id"] == stands


def test_what_is_only_counted_makes_no_ticket(build, settings):
    build.execute("update standard.resident_record set phone = null")
    assert built(build, settings, "resident_record_reachable") == []
    assert build.execute("select count(*) from quality.failure").fetchall() == [(7,)]


def test_a_broken_rule_makes_no_ticket(build, settings):
    build.execute("drop table matching.resident_borrowed")
    assert built(build, settings, "citizen_id_not_borrowed") == []
    assert build.execute("select broken from quality.check_result").fetchall() == [(True,)]


def test_quarantine_of_many_cells_is_one_ticket_a_cause_with_counts(build, settings):
    build.execute(
        f"""insert into standard.quarantine
        select '{RELIEF}', 'cell', 'r' || i, '台账.xlsx', 50 - i, '身份证号', 'citizen_id', '校验位不对'
        from range(40) as r(i)
        union all select '{RELIEF}', 'row', null, '台账.xlsx', 7, null, null, '缺少主键'"""
    )
    cell, row = built(build, settings)
    assert (cell["kind"], cell["count"], cell["file"], cell["row"]) == ("cell", 40, "台账.xlsx", 11)
    assert (cell["column"], cell["element_id"], cell["record_id"]) == ("身份证号", "citizen_id", "r39")
    assert cell["is_systemic"]
    assert (row["kind"], row["count"], row["row"], row["reason"]) == ("row", 1, 7, "缺少主键")


def test_a_quarantined_cell_is_its_records_ticket(build, settings):
    build.execute(
        f"""insert into standard.quarantine
        select '{RELIEF}', 'cell', 'r' || i, '台账.xlsx', 50 - i, '身份证号', 'citizen_id', '校验位不对'
        from range(3) as r(i)"""
    )
    found = built(build, settings)
    assert [(t["record_id"], t["record_key"], t["file"], t["row"], t["count"]) for t in found] == [
        (f"r{i}", f"r{i}", "台账.xlsx", 50 - i, 1) for i in range(3)
    ]
    assert {(t["column"], t["element_id"], t["reason"]) for t in found} == {("身份证号", "citizen_id", "校验位不对")}


def test_a_failed_pull_is_a_ticket_with_file_row_and_reason_and_a_system_that_never_came_too(build, settings):
    build.execute(
        f"""update landing.outcome set status = 'failed', is_stale = true, error_kind = 'SourceRejected',
            error_what = '缺少列 身份证号', error_where = '低保对象台账.xlsx 第 3 行', error_cure = '请恢复约定的列名'
        where system = '{RELIEF}'"""
    )
    build.execute(
        f"""update landing.outcome set status = 'never', rows_in = 0, rows_accepted = 0, is_stale = true
        where system = '{HEALTH}'"""
    )
    # the rule of freshness fails too, and makes no second ticket
    relief, health = built(build, settings, "delivery_fresh")
    assert (relief["kind"], relief["file"], relief["row"]) == ("delivery", "低保对象台账.xlsx", 3)
    assert relief["reason"] == "缺少列 身份证号；请恢复约定的列名"
    assert relief["owner"] == "民政局 社会救助科"
    assert (health["system"], health["reason"]) == (HEALTH, "从未收到过数据")


@pytest.mark.parametrize(
    ("where", "file", "row"),
    [
        ("台账.xlsx 第 12 行", "台账.xlsx", 12),
        ("台账.xlsx：虹桥街道 第12行", "台账.xlsx：虹桥街道", 12),
        ("YLBX_20261124.txt.gz:7", "YLBX_20261124.txt.gz", 7),
        ("hukou.t_czrk", "hukou.t_czrk", None),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", None),
        ("", None, None),
    ],
)
def test_the_place_of_an_error_is_a_file_and_a_row(where, file, row):
    problem = evidence.of_pull(RELIEF, "failed", {"kind": "SourceRejected", "what": "坏了", "where": where})
    assert (problem.place.file, problem.place.row) == (file, row)


def test_without_a_database_the_outcomes_alone_make_the_tickets(build, settings, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "低保对象台账.xlsx").write_bytes(b"this is no workbook")
    settings.connections.write_text(f"{RELIEF}: {{folder: {tmp_path / 'shared'}}}\n", "utf-8")
    failed = pull(contracts()[RELIEF], settings)
    found = {ticket.system: ticket for ticket in tickets.of_outcomes([failed], DAY)}
    assert set(found) == set(contracts())
    assert found[RELIEF].file.endswith("低保对象台账.xlsx")
    assert found[RELIEF].reason.startswith(failed.error["what"])
    assert (found[RELIEF].opened_date, found[RELIEF].due_date) == (DAY, date(2026, 12, 1))
    assert found[POLICE].reason == "从未收到过数据"

    # the same as a build would say of the same outcomes
    for system, error in ((system, outcome.latest(settings, contracts()[system])) for system in contracts()):
        told = error.error if error else {}
        build.execute(
            """update landing.outcome set status = ?, error_kind = ?, error_what = ?, error_where = ?, error_cure = ?,
            rows_in = 0, rows_accepted = 0 where system = ?""",
            [
                error.status if error else "never",
                *(told.get(part) for part in ("kind", "what", "where", "cure")),
                system,
            ],
        )
    assert {row["ticket_id"] for row in built(build, settings)} == {ticket.ticket_id for ticket in found.values()}


def test_a_system_that_delivered_has_no_ticket():
    landed = [outcome.Outcome(system, "", "", "landed", "s") for system in contracts()]
    assert tickets.of_outcomes(landed, DAY) == []


def test_tickets_are_a_table_like_any_other(build, settings):
    table = Table("quality", "ticket", "问题单", "谁要改什么", frozenset(), tickets.build)
    build.execute(DEFECTS["sex_agrees_with_id"][0])
    check(build, "standard", settings, {"sex_agrees_with_id": rules()["sex_agrees_with_id"]})
    assert materialise(build, table, settings) == 1
    assert materialise(build, table, settings) == 1


def test_more_failures_than_keys_are_kept_are_counted_all(build, settings):
    many = counting.KEPT_KEYS + 7
    many_more(build, many)
    built(build, settings, "resident_record_named")
    assert build.execute("select sum(count) from quality.ticket").fetchall() == [(many,)]


def test_no_ticket_holds_a_value(build, settings):
    spoiling = ("sex_agrees_with_id", "citizen_id_checksum", "pension_not_to_dead", "food_licence_number_form")
    for rule_id in spoiling:
        build.execute(DEFECTS[rule_id][0])
    found = built(build, settings, *spoiling)
    assert len(found) >= len(spoiling)
    assert [canary for canary in CANARIES if canary in str(found)] == []
