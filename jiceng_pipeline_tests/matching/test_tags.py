"""Tags follow from declared rules, say whence, and are as sensitive as what they rest on; a tag is one file."""

from datetime import date

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.standard.tags import TAGS, tags
from jiceng_pipeline_tests.matching.conftest import HEALTH, PENSION, REGISTER, citizen_id

OLD, WIFE, CHILD, DEAD, BOY, GUEST = (
    citizen_id(stem)
    for stem in (
        "32060219400101111",
        "32060219720202222",
        "32060220160303333",
        "32060219300404444",
        "32060220250505515",
        "34122519900606161",
    )
)


def person(system, name, number, born, **more):
    return {"system": system, "name": name, "citizen_id": number, "birth_date": born, **more}


ROWS = [
    person(REGISTER, "王建国", OLD, date(1940, 1, 1), household_number="H1", family_relation_code="02",
           registered_address="青年东路12号3幢201室"),
    person(HEALTH, "王建国", OLD, date(1940, 1, 1), has_diabetes=True, dwelling_address="南通市青年东路12号3幢"),
    person("veterans_affairs/veteran", "王建国", OLD, date(1940, 1, 1), veteran_number="V1",
           preferential_treatment_code="2"),
    person(REGISTER, "李梅", WIFE, date(1972, 2, 2), household_number="H2", family_relation_code="02",
           registered_address="青年东路12号3幢201室"),
    person("civil_affairs/subsistence_allowance", "李梅", WIFE, date(1972, 2, 2), subsistence_category_code="1",
           subsistence_start_date=date(2025, 3, 1), dwelling_address="工农路8号2幢101室"),
    person("disabled_federation/disability_certificate", "李梅", WIFE, date(1972, 2, 2), disability_grade_code="2"),
    person(REGISTER, "王小明", CHILD, date(2016, 3, 3), household_number="H2", family_relation_code="20"),
    person(REGISTER, "赵大爷", DEAD, date(1930, 4, 4), household_number="H3", death_date=date(2026, 1, 1)),
    person(PENSION, "孙宝宝", BOY, date(2025, 5, 5)),
    person("disabled_federation/disability_certificate", "孙宝宝", BOY, date(2025, 5, 5), disability_type_code="5"),
    # what the allowance is, and of what kind the relief, could not be read
    person("civil_affairs/elderly_allowance", "王建国", OLD, date(1940, 1, 1),
           elderly_allowance_start_date=date(2020, 1, 1)),
    person("civil_affairs/subsistence_allowance", "孙宝宝", BOY, date(2025, 5, 5),
           subsistence_certificate_number="苏通低保0023"),
    person("public_security/floating_population", "周海", GUEST, date(1990, 6, 6),
           registered_address="安徽省阜阳市阜南县城关镇解放路15号", dwelling_address="青年东路15号2幢402室"),
]  # fmt: skip

EXPECTED = {
    "王建国": {"living_alone", "elderly_living_alone", "aged_60", "aged_80", "elderly_allowance", "chronic_disease",
               "veteran", "preferential_treatment"},
    "李梅": {"subsistence", "disabled", "severely_disabled", "living_elsewhere"},
    "王小明": {"minor", "school_age", "school_age_not_enrolled"},
    "孙宝宝": {"minor", "living_alone", "disabled", "subsistence"},
    "周海": {"living_alone", "floating_population", "living_elsewhere"},
}  # fmt: skip


def test_everybody_has_the_tags_of_the_rules_and_the_dead_none(reconcile):
    with reconcile(ROWS, until=("governance.tag", "governance.household")) as connection:
        given = connection.execute(
            """select resident.name, list(tag.tag_code order by tag.tag_code)
            from governance.tag as tag join governance.resident as resident using (resident_id)
            group by resident.name order by 1"""
        ).fetchall()
        assert {name: set(codes) for name, codes in given} == EXPECTED
        households = connection.execute(
            """select household.household_number, tag.tag_code from governance.tag as tag
            join governance.household as household on household.household_id = tag.household_id
            order by household.household_number"""
        ).fetchall()
        assert households == [("H2", "subsistence_household"), ("苏通低保0023", "subsistence_household")]


def test_a_tag_says_from_which_systems_and_since_when(reconcile):
    with reconcile(ROWS, until=("governance.tag", "returned.resident_register")) as connection:
        told = {
            (name, code): (systems, since)
            for name, code, systems, since in connection.execute(
                """select name, tag_code, tag.source_systems, since_date
                from governance.tag as tag join governance.resident using (resident_id)"""
            ).fetchall()
        }
        assert told["王建国", "aged_80"] == (REGISTER, date(2020, 1, 1))
        assert told["李梅", "subsistence"] == ("civil_affairs/subsistence_allowance", date(2025, 3, 1))
        assert told["李梅", "living_elsewhere"] == (f"civil_affairs/subsistence_allowance,{REGISTER}", None)
        assert told["王建国", "veteran"] == ("veterans_affairs/veteran", None)
        listed = connection.execute("select tags from returned.resident_register order by 1").fetchall()
        assert all(tags is None or tags.split(",") == sorted(tags.split(",")) for (tags,) in listed)


def test_nobody_is_told_to_apply_for_what_they_have_because_a_cell_cannot_be_read(reconcile):
    insured = person(
        "medical_insurance/insured_person", "李梅", WIFE, date(1972, 2, 2), medical_insurance_type_code="2"
    )
    joined = person(PENSION, "李梅", WIFE, date(1972, 2, 2), pension_joined_date=date(2012, 1, 1))
    with reconcile([*ROWS, insured, joined], until=("governance.entitlement",)) as connection:
        told = connection.execute(
            """select name, service_item_title from governance.entitlement
            join governance.resident using (resident_id)
            where not is_item_held and name in ('王建国', '李梅') order by all"""
        ).fetchall()
    assert told == [("王建国", "农村籍退役士兵老年生活补助"), ("王建国", "城乡居民医疗保险参保登记")]


def test_a_tag_is_as_sensitive_as_what_it_rests_on():
    assert tags()["subsistence"].sensitivity == "sensitive"
    assert tags()["aged_60"].sensitivity == "personal"


@pytest.mark.parametrize(
    ("field", "instead", "said"),
    [("elements: [birth_date]", "elements: [favourite_colour]", "favourite_colour"), ("basis:", "base:", "base")],
)
def test_a_broken_tag_names_its_file(tmp_path, field, instead, said):
    text = (TAGS / "aged_60.yaml").read_text("utf-8")
    (tmp_path / "odd.yaml").write_text(text.replace(field, instead), "utf-8")
    with pytest.raises(DefinitionError, match=said) as raised:
        tags(tmp_path)
    assert "odd.yaml" in str(raised.value)


def test_an_old_value_is_marked_and_stands(reconcile):
    from jiceng_pipeline.matching import stale
    from jiceng_pipeline.warehouse.table import materialise

    rows = [
        person(REGISTER, "王建国", OLD, date(1940, 1, 1), phone="13800000001", record_updated_date=date(2024, 11, 24)),
        person(PENSION, "李梅", WIFE, date(1972, 2, 2), phone="13800000002", pension_status_code="1"),
    ]
    with reconcile(rows, until=("governance.collected_cell", "governance.resident")) as connection:
        connection.execute(
            f"""create table landing.outcome as select * from (values
            ('{REGISTER}', 'landed', '2026-11-24T01:00:00.5+00:00', date '2026-11-24'),
            ('{PENSION}', 'failed', '2026-11-24T01:00:00.5+00:00', date '2026-09-01'))
            as o (system, status, started, snapshot_date)"""
        )
        materialise(connection, stale.table(), None)
        assert connection.execute(
            "select element_id, system, cast(source_date as varchar), days_over from governance.stale_cell order by 1"
        ).fetchall() == [("pension_status_code", PENSION, "2026-09-01", 22), ("phone", REGISTER, "2024-11-24", 365)]
        assert connection.execute("select count(phone) from governance.resident").fetchall() == [(2,)]
