"""What a community collected once, on its way through a sync: where it stands, where it only proposes."""

from datetime import date, timedelta

import openpyxl
import pytest

from jiceng_pipeline.cli.rebuild import rebuild
from jiceng_pipeline.core import clock
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.forms import admission, definition, intake, prefill, readback
from jiceng_pipeline.forms.intake import Said
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import package
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.forms.sheets import FIRST, opened

COLLECTION = "community/collection"
PHONE, NAME, COMMUNITY = "13912345678", "王采集", "320613005001"
NEW_ID = "32060219480505123" + citizen_check_sign("32060219480505123")


def query(settings, sql, *given):
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        return connection.execute(sql, list(given)).fetchall()


def said(settings, resident, element, value, **more):
    """Append one intake about a resident, as reading a form back does."""
    (record,) = query(
        settings, "select min(record_id) from matching.resident_link where entity_id = ? and is_current", resident
    )
    body = Intake.model_validate(
        {
            "entity": "resident",
            "entity_id": resident,
            "element_id": element,
            "value": value,
            "community_code": COMMUNITY,
            "collected_date": clock.business_date(settings).isoformat(),
            "source": "form:visit",
            "record_id": record[0],
            **more,
        }
    )
    with open_ledger(settings) as ledger:
        return ledger.append("intake", body.subject, body, "clerk")


@pytest.fixture
def residents(synced_copy):
    rows = query(
        synced_copy,
        """select resident_id from governance.resident where phone is not null and citizen_id is not null
        and system_count > 2 order by resident_id limit 5""",
    )
    return [resident for (resident,) in rows]


@pytest.mark.timeout(600)
def test_a_collected_value_stands_or_proposes_by_its_element_and_a_rebuild_says_the_same(
    synced_copy, residents, tmp_path, monkeypatch
):
    wins, proposes, verified, old, broken = residents
    today = clock.business_date(synced_copy)
    before = dict(query(synced_copy, "select resident_id, name from governance.resident"))
    ((held,),) = query(synced_copy, "select name from governance.resident where resident_id = ?", verified)
    said(synced_copy, wins, "phone", PHONE)
    said(synced_copy, proposes, "name", NAME)
    said(synced_copy, verified, "name", held, kind="verified")
    said(synced_copy, old, "phone", PHONE, collected_date=(today - timedelta(days=4000)).isoformat())
    said(synced_copy, broken, "phone", "没有")
    whom = intake.newcomer(synced_copy, "resident", NEW_ID)
    told = [Said(whom, "citizen_id", NEW_ID), Said(whom, "name", "孙有号"), Said(whom, "community_code", COMMUNITY)]
    with open_ledger(synced_copy) as ledger:
        intake.take(ledger, "clerk", told, community=COMMUNITY, day=today, source="form:visit")
    report = run_sync(synced_copy)
    assert report.exit_code == 0, report

    # conserved, and told like any system
    assert query(synced_copy, "select * from standard.conservation where system = ?", COLLECTION) == [
        (COLLECTION, 8, 7, 1, 0)
    ]
    assert report.systems[COLLECTION]["pulled"] == 8

    # by its element
    phones = dict(query(synced_copy, "select resident_id, phone from governance.resident"))
    assert phones[wins] == PHONE != phones[old]
    assert query(synced_copy, "select phone from returned.resident_register where resident_id = ?", wins) in (
        [], [(PHONE,)],
    )  # fmt: skip
    assert query(synced_copy, "select name from governance.resident where resident_id = ?", proposes) == [
        (before[proposes],)
    ]
    # whom nobody held is somebody now, under the name that was given
    assert query(
        synced_copy, "select name, community_code, birth_date from governance.resident where resident_id = ?",
        whom.entity_id,
    ) == [("孙有号", COMMUNITY, date(1948, 5, 5))]  # fmt: skip
    states = query(
        synced_copy,
        "select entity_id, element_id, state from governance.collected_cell where entity_id <> ? order by all",
        whom.entity_id,
    )
    assert states == sorted(
        [
            (wins, "phone", "stands"),
            (proposes, "name", "proposed"),
            (verified, "name", "agrees"),
            (old, "phone", "older"),
        ]
    )
    # provenance and conflicts have it
    assert query(
        synced_copy,
        """select system, is_winner, rule from governance.provenance_cell
        where entity_id = ? and element_id = 'phone' and value = ?""", wins, PHONE,
    ) == [(COLLECTION, True, "collected")]  # fmt: skip
    assert query(
        synced_copy,
        """select other_systems from governance.conflict where entity_id = ? and element_id = 'name'
        and contains(other_values, ?)""", proposes, NAME,
    )  # fmt: skip
    # in the history from today on
    history = query(
        synced_copy,
        "select value, valid_to from governance.resident_history where entity_id = ? and element_id = 'phone'", wins,
    )  # fmt: skip
    assert (PHONE, None) in history
    # a rebuild of nothing but landing and ledger says the same
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))
    assert rebuild(verify=True) == 0


def test_nothing_collected_changes_nothing(synced):
    assert query(synced, "select * from standard.conservation where system = ?", COLLECTION) == [
        (COLLECTION, 0, 0, 0, 0)
    ]
    assert query(synced, "select count(*) from governance.collected_cell") == [(0,)]
    assert query(synced, "select status, is_stale from landing.outcome where system = ?", COLLECTION) == [
        ("unchanged", False)
    ]


A = "elderly_check_up"


def shown(settings, form, community, resident, element):
    """Return what a form shows of one cell now: value, state, what is doubted of it."""
    page = prefill.page(settings, actor="operator", form=form, community=community)
    place = [each.element for each in page.form.columns].index(element)
    row = next(each for each in page.rows if each.entity_id == resident)
    return row.cells[place], row.states[place], row.doubts.get(element, "")


@pytest.mark.timeout(600)
def test_what_is_typed_into_one_form_stands_in_every_other_or_beside_what_stands(synced_copy, tmp_path):
    """The whole way: prefilled, filled, read back, synced, handed out again, for both classes of elements."""
    for form in definition.forms().values():
        admission.admit(synced_copy, form, "operator")
    with connect(publish.current(synced_copy).database, settings=synced_copy, read_only=True) as connection:
        ((community,),) = connection.execute(
            """select community_code from governance.resident where community_code is not null
            group by all order by count(*) desc, 1 limit 1"""
        ).fetchall()
    pages = {
        name: prefill.page(synced_copy, actor="operator", form=name, community=community)
        for name in definition.forms()
        if definition.find(name).rows.entity == "resident"
    }

    def to_verify(element):
        """Yield who may be verified in A, and another form that has the element of them."""
        columns = [each.element for each in pages[A].form.columns]
        for row in pages[A].rows:
            if row.states[columns.index(element)] == "v":
                for name, page in pages.items():
                    named = element in [each.element for each in page.form.columns]
                    if name != A and named and row.entity_id in {each.entity_id for each in page.rows}:
                        yield row.entity_id, name

    wins, other = next(to_verify("phone"))
    proposes, beside = next(each for each in to_verify("name") if each[0] != wins)
    before, _, _ = shown(synced_copy, beside, community, proposes, "name")

    made = prefill.make(synced_copy, actor="operator", form=A, community=community, folder=tmp_path)
    with opened(made.path) as (sheet, at):
        rows = {sheet.cell(number, 1).value: number for number in range(FIRST, sheet.max_row + 1)}
        titles = {each.element: each.heading for each in pages[A].form.columns}
        sheet.cell(rows[wins], at[titles["phone"]]).value = PHONE
        sheet.cell(rows[proposes], at[titles["name"]]).value = NAME
    report = readback.read(synced_copy, "operator", made.path)
    assert (report.counts["accepted"], report.told) == (2, [])
    assert run_sync(synced_copy).exit_code == 0

    assert query(synced_copy, "select phone from returned.resident_register where resident_id = ?", wins) == [(PHONE,)]
    assert shown(synced_copy, other, community, wins, "phone")[:2] == (PHONE, "k")
    name, state, doubt = shown(synced_copy, beside, community, proposes, "name")
    assert (name, state) == (before, "v")
    assert "存疑" in doubt and NAME in doubt
    assert readback.read(synced_copy, "operator", made.path).counts["accepted"] == 0

    # and what is returned names who said it
    pack = package.cut(synced_copy, actor="operator", community=community, dataset="resident_register", folder=tmp_path)
    told = [[str(cell.value) for cell in row] for sheet in openpyxl.load_workbook(pack.path) for row in sheet.rows]
    title = register.element("phone").title
    assert any(row[0] == title and "社区采集" in "".join(row) for row in told)
    assert not any(row[0] == register.element("birth_date").title and "社区采集" in "".join(row) for row in told)
