"""The core tasks from beginning to end: find, doubt, settle, verify, fill in and hand in."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.dispute import Dispute
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline_tests.portal import routes


def last(site, model):
    with open_ledger(site.settings) as ledger:
        return list(views.entries(ledger, model))[-1]


def test_a_person_is_found_by_name_and_shown_masked(site):
    from jiceng_pipeline.portal.reading import opened

    with opened() as (_, connection):
        (name,) = connection.execute(
            "select name from returned.resident_register where community_code = ? and length(name) = 3 limit 1",
            [site.community],
        ).fetchall()[0]
    page = site.client("clerk").get(f"/at/{site.community}/find", {"q": name, "kind": "resident"}).text
    assert f"{name[0]}*{name[2]}" in page
    assert page.count(name) == 1, "the word itself stands in the box it was typed into, and nowhere else"


def test_a_doubt_goes_to_the_department_and_is_settled_there(site):
    with_rows = _cell(site, "medical_insurance/insured_person")
    clerk = site.verified("clerk")
    address = f"/at/{site.community}/resident/{with_rows}/name/dispute"
    assert "请选一项" in clerk.post(address, {"believed": "陶渊明"}).text
    check = clerk.post(address, {"believed": "陶渊明", "basis": "看过证件"}).text
    assert "核对后送出" in check
    done = clerk.post(address, {"believed": "陶渊明", "basis": "看过证件", "sent": "1"}).text
    doubt = last(site, Dispute)
    assert doubt.receipt in done
    assert (doubt.body.believed_value, doubt.body.community_code) == ("陶渊明", site.community)
    department = site.client("department")
    systems = set(_systems(site))
    if not set(doubt.body.systems) & systems:
        return
    listed = department.get("/disputes").text
    key = listed.split("/disputes/")[1].split('"')[0]
    assert "陶渊明" in department.get(f"/disputes/{key}").text
    said = department.post(f"/disputes/{key}", {"verdict": "upheld", "reason": "核对底档，确实写错"})
    assert "已答复" in said.text


def test_what_no_department_has_said_is_doubted_before_nobody(site):
    from jiceng_pipeline.portal.reading import opened

    with opened() as (_, connection):
        (key,) = connection.execute(
            "select min(resident_id) from returned.resident_register where community_code = ? and phone is null",
            [site.community],
        ).fetchall()[0]
    clerk, address = site.verified("clerk"), f"/at/{site.community}/resident/{key}/phone"
    page = clerk.get(address).text
    assert "没有部门可问" in page
    assert f"{address}/dispute" not in page
    assert clerk.post(f"{address}/dispute", {"basis": "本人说的", "sent": "1"}).status_code == 404
    with open_ledger(site.settings) as ledger:
        assert key not in {entry.body.entity_id for entry in views.entries(ledger, Dispute)}


def test_what_was_looked_at_and_is_right_is_noted_with_its_receipt(site):
    key = _cell(site, "public_security/household_register")
    clerk, cell = site.verified("clerk"), f"/at/{site.community}/resident/{key}/birth_date"
    seen = clerk.get(cell).text.split('name="seen" value="')[1].split('"')[0]
    with open_ledger(site.settings) as ledger:
        before = sum(1 for _ in ledger.events("intake"))
    assert "没有记" in clerk.post(f"{cell}/verify", {"seen": "0" * 32}).text, "an update came between"
    with open_ledger(site.settings) as ledger:
        assert sum(1 for _ in ledger.events("intake")) == before
    done = clerk.post(f"{cell}/verify", {"seen": seen}).text
    noted = last(site, Intake)
    assert noted.receipt in done
    assert (noted.body.kind, noted.body.element_id, noted.body.source) == ("verified", "birth_date", "portal")
    assert noted.body.value.count("-") == 2


def test_a_department_answers_a_ticket(site):
    department = site.client("department")
    listed = department.get("/tickets").text
    key = listed.split("/tickets/")[1].split('"')[0]
    assert "请选一项" in department.post(f"/tickets/{key}", {}).text
    said = department.post(f"/tickets/{key}", {"verdict": "corrected", "text": "已在本系统改正"}).text
    assert "已答复" in said
    assert department.get("/tickets/0000000000000000").status_code == 404


def test_a_form_goes_out_filled_in_comes_back_and_every_cell_has_its_fate(site):
    from jiceng_pipeline.forms import admission

    form = next(each.form for each in admission.listed(site.settings) if each.form.audience == "community")
    admission.admit(site.settings, form, "operator")
    clerk, at = site.verified("clerk"), f"/at/{site.community}"
    workbook = clerk.get(f"{at}/form/{form.id}.xlsx").content
    upload = SimpleUploadedFile("表.xlsx", workbook)
    assert "收到：" in clerk.post(f"{at}/forms/upload", {"file": upload}).text
    wrong = clerk.post(f"{at}/forms/upload", {"file": SimpleUploadedFile("x.xlsx", b"not a workbook")})
    assert "有地方要改" in wrong.text
    nothing = clerk.post(f"{at}/forms/upload", {})
    assert "请选一个文件" in nothing.text
    assert BytesIO(workbook).read(2) == b"PK"


def _cell(site, system):
    """Return a resident of the clerk's community whom that system knows."""
    from jiceng_pipeline.portal.reading import opened

    with opened() as (_, connection):
        return connection.execute(
            """select r.resident_id from returned.resident_register as r
            join matching.resident_winner as w on w.entity_id = r.resident_id
            where r.community_code = ? and contains(r.source_systems, ?) and w.birth_date is not null
            order by r.resident_id limit 1""",
            [site.community, system],
        ).fetchall()[0][0]


def _systems(site):
    from jiceng_pipeline.portal import caller

    return caller.of_account("department").systems


def test_accounts_and_posts_are_two_peoples_work(site):
    system, security = site.verified("system_admin"), site.verified("security_admin")
    made = system.post("/accounts", {"account": "新来的", "what": "make"}).text
    assert "首次密码" in made
    assert "已经有这个账号" in system.post("/accounts", {"account": "新来的", "what": "make"}).text
    page = security.post("/posts", {"account": "新来的", "role": "clerk", "scope": site.community, "systems": []}).text
    assert "已记入" in page
    assert routes.communities(site.settings)[0] == site.community
    wrong = security.post("/posts", {"account": "新来的", "role": "clerk", "scope": "3206", "systems": []}).text
    assert "有地方要改" in wrong
    ended = security.post("/posts", {"end": f"新来的/clerk/{site.community}"}).text
    assert "已记入" in ended
    assert "已停用" in system.post("/accounts", {"account": "新来的", "what": "end"}).text
