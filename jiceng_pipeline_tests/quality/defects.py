"""For every rule one planted defect: the SQL that spoils the clean world, and how many rows then fail."""

from jiceng_pipeline_tests.quality.world import FOOD, HEALTH, PENSION, POLICE, RELIEF, SHOPS, WANG, record_id

WANG_AT_POLICE, LI_AT_POLICE = record_id(POLICE, 0), record_id(POLICE, 1)
SHOP, NOODLES, LICENCE = record_id(SHOPS, 0), record_id(SHOPS, 1), record_id(FOOD, 0)


def _record(entity, record, assignment):
    return f"update standard.{entity}_record set {assignment} where record_id = '{record}'"


def _doubled(table, key):
    return f"insert into {table} select * from {table} order by {key} limit 1"


def _one(table, key, assignment, where="true"):
    return f"update {table} set {assignment} where {key} = (select min({key}) from {table} where {where})"


def _drift(system, figure, usual, value):
    return f"""update quality.drift set deliveries = 5, usual = {usual}, value = {value}, row_count = 100
        where system = '{system}' and figure = '{figure}'"""


_ALLOWANCE = "update governance.resident set elderly_allowance_monthly_cny = 50"
_ONE = "where resident_id = (select min(resident_id) from governance.resident)"
_WRONG_ID = WANG[:17] + ("0" if WANG[17] != "0" else "1")
_ELSEWHERE = "'999999999999'"
_LIVING = "death_date is null"

DEFECTS = {
    # landing
    "delivery_rows_conserved": (f"update landing.outcome set rows_in = 9 where system = '{HEALTH}'", 1),
    "delivery_fresh": (f"update landing.outcome set status = 'failed', is_stale = true where system = '{HEALTH}'", 1),
    "delivery_not_empty": (f"update landing.outcome set rows_in = 0, rows_accepted = 0 where system = '{RELIEF}'", 1),
    # standard
    "standard_rows_conserved": (f"update standard.conservation set rows_accepted = 0 where system = '{PENSION}'", 1),
    "quarantined_rows_few": (
        f"update standard.conservation set rows_in = 20, rows_quarantined = 1 where system = '{POLICE}'",
        1,
    ),
    "resident_record_unique": (_doubled("standard.resident_record", "record_id"), 2),
    "enterprise_record_unique": (_doubled("standard.enterprise_record", "record_id"), 2),
    "citizen_id_checksum": (_record("resident", WANG_AT_POLICE, f"citizen_id = '{_WRONG_ID}'"), 1),
    "legal_representative_id_checksum": (
        _record("enterprise", SHOP, f"legal_representative_citizen_id = '{_WRONG_ID}'"),
        1,
    ),
    "credit_code_checksum": (_record("enterprise", SHOP, "unified_social_credit_code = '91320602MA1XXXXX00'"), 1),
    **{
        f"{column}_in_code_set": (_record(entity, record, f"{column} = '甲'"), 1)
        for entity, record, columns in (
            ("resident", WANG_AT_POLICE, ("sex_code", "ethnic_group_code", "family_relation_code")),
            ("resident", LI_AT_POLICE, ("marital_status_code",)),
            ("resident", record_id(RELIEF, 0), ("subsistence_category_code",)),
            ("resident", record_id(PENSION, 0), ("pension_status_code",)),
            ("resident", record_id(HEALTH, 0), ("blood_type_code",)),
            ("resident", record_id(HEALTH, 0), ("medical_insurance_type_code", "medical_insurance_status_code")),
            ("resident", record_id(RELIEF, 0), ("disability_type_code", "disability_grade_code")),
            ("resident", LI_AT_POLICE, ("property_use_code", "preferential_treatment_code")),
            ("enterprise", SHOP, ("enterprise_type_code", "enterprise_status_code")),
            ("enterprise", LICENCE, ("food_business_code",)),
        )
        for column in columns
    },
    "birth_date_agrees_with_id": (_record("resident", WANG_AT_POLICE, "birth_date = date '1950-02-01'"), 1),
    "sex_agrees_with_id": (_record("resident", WANG_AT_POLICE, "sex_code = '2'"), 1),
    "birth_date_not_future": (_record("resident", WANG_AT_POLICE, "birth_date = date '2026-11-25'"), 1),
    "death_date_not_future": (_record("resident", WANG_AT_POLICE, "death_date = date '2026-11-25'"), 1),
    "death_not_before_birth": (_record("resident", WANG_AT_POLICE, "death_date = date '1949-12-31'"), 1),
    "resident_record_named": (_record("resident", WANG_AT_POLICE, "name = null"), 1),
    "citizen_id_unique_in_system": (_record("resident", LI_AT_POLICE, f"citizen_id = '{WANG}'"), 2),
    "subsistence_amount_plausible": (_record("resident", record_id(RELIEF, 0), "subsistence_monthly_cny = 83000"), 1),
    "pension_amount_plausible": (_record("resident", record_id(PENSION, 0), "pension_monthly_cny = 0"), 1),
    "pension_amount_present": (_record("resident", record_id(PENSION, 0), "pension_monthly_cny = null"), 1),
    "resident_record_reachable": (_record("resident", WANG_AT_POLICE, "phone = null"), 1),
    "enterprise_record_named": (_record("enterprise", SHOP, "enterprise_name = null"), 1),
    "food_licence_expires_after_issue": (
        _record("enterprise", LICENCE, "food_licence_expiry_date = date '2022-12-31'"),
        1,
    ),
    "food_licence_number_form": (_record("enterprise", LICENCE, "food_licence_number = 'JY1320602000000'"), 1),
    "established_date_not_future": (_record("enterprise", SHOP, "established_date = date '2027-01-01'"), 1),
    "legal_representative_adult": (
        _record("enterprise", SHOP, "legal_representative_citizen_id = '320602201003033012'"),
        1,
    ),
    # landing and standard: beside what is usual
    "delivery_in_rhythm": (
        f"update quality.rhythm set last_success_date = null, days_since_success = null where system = '{HEALTH}'",
        1,
    ),
    "delivery_renewed": (f"update quality.rhythm set days_since_change = 2000 where system = '{RELIEF}'", 1),
    "drift_rows": (_drift(POLICE, "rows", 100, 79), 1),
    "drift_nulls": (_drift(POLICE, "phone", 0.1, 0.9), 1),
    "drift_codes": (_drift(POLICE, "sex_code=1", 0.5, 0.9), 1),
    "drift_quarantine": (_drift(POLICE, "phone=invalid", 0.01, 0.9), 1),
    # governance: identity
    "resident_not_empty": ("delete from governance.resident", 1),
    "resident_unique": (_doubled("governance.resident", "resident_id"), 2),
    "household_unique": (_doubled("governance.household", "household_id"), 2),
    "enterprise_unique": (_doubled("governance.enterprise", "enterprise_id"), 2),
    "resident_citizen_id_unique": (f"update governance.resident set citizen_id = '{WANG}'", 4),
    "enterprise_credit_code_unique": ("update governance.enterprise set unified_social_credit_code = '1'", 2),
    "resident_link_unique": (
        "insert into matching.resident_link by name "
        "select * replace ('another' as entity_id) from matching.resident_link order by record_id limit 1",
        2,
    ),
    "enterprise_link_unique": (_doubled("matching.enterprise_link", "record_id"), 2),
    "resident_record_linked": (f"delete from matching.resident_link where record_id = '{WANG_AT_POLICE}'", 1),
    "enterprise_record_linked": (f"delete from matching.enterprise_link where record_id = '{NOODLES}'", 1),
    "household_member_unique": (_doubled("matching.household_member", "resident_id"), 2),
    # governance: references
    "resident_household_exists": (_one("governance.resident", "resident_id", "household_id = 'nowhere'", _LIVING), 1),
    "resident_household_known": (_one("governance.resident", "resident_id", "household_id = null", _LIVING), 1),
    "household_head_exists": (_one("governance.household", "household_id", "head_resident_id = 'nobody'"), 1),
    "resident_community_exists": (_one("governance.resident", "resident_id", f"community_code = {_ELSEWHERE}"), 1),
    "household_community_exists": (_one("governance.household", "household_id", f"community_code = {_ELSEWHERE}"), 1),
    "enterprise_community_exists": (
        _one("governance.enterprise", "enterprise_id", f"community_code = {_ELSEWHERE}"),
        1,
    ),
    # governance: what two departments say together
    "subsistence_not_to_dead": (
        "update governance.resident set death_date = date '2026-09-01' where subsistence_category_code is not null",
        1,
    ),
    "pension_not_to_dead": (
        "update governance.resident set death_date = date '2026-09-01' where pension_status_code = '3'",
        1,
    ),
    "pension_not_before_45": (
        "update governance.resident set birth_date = date '1981-11-25' where pension_status_code = '3'",
        1,
    ),
    "subsistence_has_community": (
        "update governance.resident set community_code = null where subsistence_category_code is not null",
        1,
    ),
    "elderly_allowance_not_to_dead": (f"{_ALLOWANCE}, death_date = date '2026-09-01' {_ONE}", 1),
    "elderly_allowance_from_70": (f"{_ALLOWANCE}, birth_date = date '1956-11-25' {_ONE}", 1),
    "elderly_allowance_has_community": (f"{_ALLOWANCE}, community_code = null, death_date = null {_ONE}", 1),
    "food_licence_valid_while_open": (
        """update governance.enterprise set food_licence_expiry_date = date '2026-11-23'
        where food_licence_number is not null""",
        1,
    ),
    "food_licence_not_after_closure": (
        "update governance.enterprise set enterprise_status_code = '4' where food_licence_number is not null",
        1,
    ),
    "citizen_id_not_borrowed": (
        f"insert into matching.resident_borrowed values ('{LI_AT_POLICE}', '{WANG}')",
        1,
    ),
    "history_unbroken": (
        """insert into governance.changed_cell values
        ('resident', 'r', 'phone', '1', date '2026-11-01', date '2026-11-05'),
        ('resident', 'r', 'phone', '2', date '2026-11-04', null),
        ('resident', 'r', 'name', '甲', date '2026-11-01', date '2026-11-05'),
        ('resident', 'r', 'name', '甲', date '2026-11-05', null)""",
        2,
    ),
    "collected_value_agrees": (
        f"""insert into governance.collected_cell values
        ('resident', 'r', 'name', '甲', date '2026-11-20', 'collected', '320613005001', 'form:visit', 'i', 'proposed',
        '{POLICE}', '{WANG_AT_POLICE}')""",
        1,
    ),
    "tag_of_somebody": (
        "insert into governance.tag values ('nobody', null, 'minor', '未成年人', null, null)",
        1,
    ),
    # governance: doors, who lives there, who runs what
    "address_unique": (_doubled("governance.standard_address", "address_id"), 2),
    "address_community_exists": (
        _one("governance.standard_address", "address_id", f"community_code = {_ELSEWHERE}"),
        1,
    ),
    "dwelling_unique": (_doubled("governance.dwelling", "address_id"), 2),
    "residence_unique": (_doubled("governance.residence", "resident_id, residence_kind_code"), 2),
    "residence_resident_exists": (
        "update governance.residence set resident_id = 'nobody' where source_systems > 'i'",
        2,
    ),
    "residence_address_exists": ("update governance.residence set address_id = 'nowhere'", 3),
    "residence_where_registered": (
        "update governance.residence set is_registered_elsewhere = true where residence_kind_code = '2'",
        1,
    ),
    "operation_unique": (_doubled("governance.operation", "enterprise_id"), 2),
    "operation_enterprise_exists": ("update governance.operation set enterprise_id = 'nobody'", 1),
    "operation_resident_exists": ("update governance.operation set resident_id = 'nobody'", 1),
    # governance: grids, equipment, cases
    "grid_unique": (_doubled("governance.grid", "grid_id"), 2),
    "grid_community_exists": (_one("governance.grid", "grid_id", f"community_code = {_ELSEWHERE}"), 1),
    "special_equipment_unique": (_doubled("governance.special_equipment", "equipment_id"), 2),
    "special_equipment_enterprise_exists": ("update governance.special_equipment set enterprise_id = 'nobody'", 1),
    "city_case_unique": (_doubled("governance.city_case", "case_id"), 2),
    # service points, and where doors stand
    "service_point_located": ("update standard.service_point_record set service_point_longitude = null", 1),
    "service_point_open": ("update standard.service_point_record set opening_hours = null", 1),
    "service_point_unique": (_doubled("governance.service_point", "service_point_id"), 2),
    "address_position_unique": (
        """insert into governance.address_position
        select 'door', null, 120.8, 32.0, '1', date '2026-11-24' from range(2)""",
        2,
    ),
    "indicator_adds_up": (_one("indicators.additivity", "figure", "differing_divisions = 1"), 1),
    # returned
    "returned_dwelling_unique": (_doubled("returned.dwelling_register", "address_id"), 2),
    "returned_dwelling_complete": ("delete from returned.dwelling_register", 1),
    **{
        f"returned_{entity}_unique": (_doubled(f"returned.{entity}_register", f"{entity}_id"), 2)
        for entity in ("resident", "household", "enterprise")
    },
    **{
        f"returned_{entity}_known": (
            _one(f"returned.{entity}_register", f"{entity}_id", f"{entity}_id = 'nobody'"),
            1,
        )
        for entity in ("resident", "household", "enterprise")
    },
    "returned_resident_complete": ("delete from returned.resident_register", 3),
    "returned_household_complete": ("delete from returned.household_register", 2),
    "returned_enterprise_complete": ("delete from returned.enterprise_register", 2),
}
