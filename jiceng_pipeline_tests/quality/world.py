"""A small clean world: records of every system, typed here, reconciled and returned by the real engine."""

from datetime import date

import pyarrow as pa

from jiceng_pipeline.departments.contract import collected, contracts, systems
from jiceng_pipeline.exchange import indicators, light_app, rollup
from jiceng_pipeline.landing import collected as landed
from jiceng_pipeline.landing import records, version
from jiceng_pipeline.matching import history, stale, tags
from jiceng_pipeline.matching.tables import tables as matching_tables
from jiceng_pipeline.quality import drift, figure, rhythm
from jiceng_pipeline.services import entitlement
from jiceng_pipeline.standard import divisions, reading, reference, register
from jiceng_pipeline.standard.identifiers import citizen_check_sign, credit_check_sign
from jiceng_pipeline.warehouse.models import tables as model_tables
from jiceng_pipeline.warehouse.table import materialise

DAY = date(2026, 11, 24)
POLICE = "public_security/household_register"
RELIEF = "civil_affairs/subsistence_allowance"
HEALTH = "health/resident_health_record"
PENSION = "social_security/pension_insurance"
SHOPS = "market_supervision/enterprise_register"
FOOD = "market_supervision/food_licence"
COMMUNITY = "320613005001"
DOOR = "虹桥街道青年路12号"


def citizen_id(stem):
    return stem + citizen_check_sign(stem)


def credit_code(stem):
    return stem + credit_check_sign(stem)


WANG, LI, ZHAO, QIAN = (
    citizen_id(stem) for stem in ("32060219500102101", "32060219520304202", "32060219800506303", "32061119440102102")
)
# every value a test must never meet outside the tables
CANARIES = ("金丝雀", "13912345678", "32060219500102", "32060219520304", "32060219800506", "32061119440102")

_PEOPLE = {
    "wang": {"name": "王金丝雀", "citizen_id": WANG, "sex_code": "1", "birth_date": date(1950, 1, 2)},
    "li": {"name": "李金丝雀", "citizen_id": LI, "sex_code": "2", "birth_date": date(1952, 3, 4)},
    "zhao": {"name": "赵金丝雀", "citizen_id": ZHAO, "sex_code": "1", "birth_date": date(1980, 5, 6)},
    "qian": {"name": "钱金丝雀", "citizen_id": QIAN, "sex_code": "2", "birth_date": date(1944, 1, 2)},
}


def _person(who, **more):
    return {**_PEOPLE[who], "phone": "13912345678", "community_code": COMMUNITY, **more}


ROWS = {
    POLICE: [
        _person(
            "wang", household_number="H1", family_relation_code="02", ethnic_group_code="01", registered_address=DOOR
        ),
        _person(
            "li", household_number="H1", family_relation_code="10", marital_status_code="20", registered_address=DOOR
        ),
        _person("zhao", household_number="H2", family_relation_code="02"),
        _person("qian", household_number="H2", family_relation_code="52", death_date=date(2026, 11, 10)),
    ],
    RELIEF: [
        {
            **{key: value for key, value in _person("li").items() if key != "birth_date"},
            "subsistence_certificate_number": "D1",
            "subsistence_category_code": "1",
            "subsistence_monthly_cny": 830,
            "family_relation_code": "01",
        }
    ],
    HEALTH: [
        _person("wang", household_number="F1", blood_type_code="1", has_diabetes=True, dwelling_address=DOOR),
    ],
    PENSION: [_person("wang", pension_status_code="3", pension_monthly_cny=2100)],
    SHOPS: [
        {
            "unified_social_credit_code": credit_code("91320602MA1XXXXX0"),
            "enterprise_name": "南通金丝雀餐饮有限公司",
            "enterprise_type_code": "1",
            "enterprise_status_code": "1",
            "legal_representative_name": "赵金丝雀",
            "legal_representative_citizen_id": ZHAO,
            "community_code": COMMUNITY,
            "established_date": date(2015, 6, 1),
        },
        {
            "unified_social_credit_code": credit_code("92320602MA1YYYYY0"),
            "enterprise_name": "崇川区金丝雀面馆",
            "enterprise_type_code": "2",
            "enterprise_status_code": "4",
            "community_code": COMMUNITY,
        },
    ],
    FOOD: [
        {
            "unified_social_credit_code": credit_code("91320602MA1XXXXX0"),
            "enterprise_name": "南通金丝雀餐饮有限公司",
            "food_licence_number": "JY13206020000001",
            "food_business_code": "2",
            "food_licence_issued_date": date(2023, 1, 1),
            "food_licence_expiry_date": date(2027, 12, 31),
        }
    ],
    "market_supervision/special_equipment": [
        {
            "unified_social_credit_code": credit_code("91320602MA1XXXXX0"),
            "enterprise_name": "南通金丝雀餐饮有限公司",
            "equipment_certificate_number": "梯11苏F0000001(25)",
            "equipment_kind_code": "3000",
            "equipment_status_code": "1",
            "next_inspection_date": date(2027, 6, 30),
        }
    ],
    "urban_management/city_case": [
        {
            "case_number": "CG2026000000001",
            "case_source_code": "1",
            "case_status_code": "3",
            "case_category": "市容环境",
            "community_code": COMMUNITY,
        }
    ],
    "government_services/service_point": [
        {
            "service_point_code": "S1",
            "service_point_name": "虹桥社区便民服务站",
            "service_point_kind_code": "3",
            "community_code": COMMUNITY,
            "service_point_longitude": 120.83,
            "service_point_latitude": 32.0,
            "is_step_free": True,
            "opening_hours": "Mo-Fr 08:30-11:30,14:00-17:30",
        }
    ],
}


def record_id(system, number):
    return f"{list(ROWS).index(system):02x}{number:014x}{0:016x}"


def build(connection, settings):
    """Make every table of a build that rules read, from ROWS."""
    connection.execute("create schema standard; create schema landing; create schema staging")
    for create in (
        divisions.create_division,
        divisions.create_division_alias,
        reference.create_business_day,
        reference.create_element,
        reference.create_code,
    ):
        create(connection, settings)
    for contract in contracts().values():
        _fill(connection, contract)
    for contract in collected().values():
        for table in landed.tables(contract):
            materialise(connection, table, settings)
    for entity in (each for each in register.ENTITIES if each != "household"):
        select = records.entity_select(entity, systems().values())
        connection.execute(f"create table standard.{entity}_record as {select} order by record_id")
    reading.create_name_reading(connection, settings)
    _reports(connection)
    _materialise_the_rest(connection, settings)
    for view in (table for table in model_tables(settings.sql_models) if table.is_view):
        # rows of their own, so that a defect can be planted in them
        connection.execute(f"create table {view.schema}.planted as from {view.full_name}; drop view {view.full_name}")
        connection.execute(f"alter table {view.schema}.planted rename to {view.name}")


def _fill(connection, contract):
    typed = {
        "record_id": "varchar",
        "system": "varchar",
        "source_file": "varchar",
        "source_row": "bigint",
        "first_landed": "varchar",
        "landed_date": "date",
        "is_current": "boolean",
    }
    rows = [
        {
            "record_id": record_id(contract.name, number),
            "system": contract.name,
            "source_file": f"{contract.system}.src",
            "source_row": number + 2,
            "first_landed": "20261101T000000.000000Z",
            "landed_date": DAY,
            "is_current": True,
            **row,
        }
        for number, row in enumerate(ROWS.get(contract.name, []))
    ]
    for element in (register.element(each) for each in sorted(register.held(contract.columns.values()))):
        typed[element.id], typed[f"{element.id}_raw"] = element.sql_type, "varchar"
        for row in rows:
            row[f"{element.id}_raw"] = None if row.get(element.id) is None else str(row[element.id])
    arrays = {name: pa.array([row.get(name) for row in rows]) for name in typed}
    connection.register("typed", pa.table(arrays))
    cells = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in typed.items())
    connection.execute(f"create table standard.{contract.table} as select {cells} from typed")
    connection.unregister("typed")


def _reports(connection):
    connection.execute(
        """create table landing.outcome (
        system varchar, status varchar, delivery varchar, rows_in bigint, rows_accepted bigint, rows_rejected bigint,
        started varchar,
        error_kind varchar, error_what varchar, error_where varchar, error_cure varchar,
        snapshot varchar, snapshot_date date, is_stale boolean);
        create table standard.quarantine (
        system varchar, level varchar, record_id varchar, source_file varchar, source_row bigint,
        source_column varchar, element_id varchar, reason varchar);
        create table standard.conservation (
        system varchar, rows_in bigint, rows_accepted bigint, rows_quarantined bigint, cells_quarantined bigint)"""
    )
    for system in contracts():
        count = len(ROWS.get(system, [])) or 1  # a system of which the world does not tell sent a row too
        connection.execute(
            """insert into landing.outcome
            values (?, 'landed', 'full', ?, ?, 0, ?, null, null, null, null, 's1', ?, false)""",
            [system, count, count, f"{DAY}T01:00:00+00:00", DAY],
        )
        connection.execute("insert into standard.conservation values (?, ?, ?, 0, 0)", [system, count, count])


def _materialise_the_rest(connection, settings):
    for table in (figure.table(), drift.table(), rhythm.table()):
        materialise(connection, table, settings)
    kept = (
        *version.tables(tuple(contracts().values())),
        history.table(),
        tags.table(),
        stale.table(),
        entitlement.table(),
    )
    counted = rollup.tables(settings.sql_models)
    todo = [
        *matching_tables(),
        *kept,
        *model_tables(settings.sql_models, elsewhere={indicators.SCHEMA, light_app.SCHEMA}),
        *counted,
    ]
    made = {
        f"standard.{name}"
        for name in (
            *(f"{entity}_record" for entity in register.ENTITIES if entity != "household"),
            *("name_reading", "element", "business_day", "division", "quarantine"),
        )
    } | {"landing.outcome", *(f"standard.{contract.table}" for contract in systems().values())}
    while todo:
        ready = next(table for table in todo if table.depends <= made)
        materialise(connection, ready, settings)
        made.add(ready.full_name)
        todo.remove(ready)
