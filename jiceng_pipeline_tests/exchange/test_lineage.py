"""A light app shows nothing under a name whose mask does not fit it."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import lineage, sandbox
from jiceng_pipeline.exchange.light_app import light_apps
from jiceng_pipeline.standard.register import elements
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.exchange.escapes import ALIASES

DECLARED = (
    "community_code", "community_name", "resident_id", "name", "citizen_id", "phone", "birth_date", "head_name",
    "dwelling_address", "household_id",
)  # fmt: skip
_FROM = "from governance.resident as r"


@pytest.fixture(scope="module")
def connection():
    with connect() as opened:
        yield opened


def guard(connection, sql, shown, profile="check", declared=DECLARED, declares=()):
    select = sandbox.checked(connection, sql, "app.sql")
    columns = {name: elements()[name] for name in shown}
    lineage.guard(
        select.node, columns, declared, {"business_date", "community_code", "community_name"}, profile, declares,
        lambda what: DefinitionError(what, where="app.sql", cure=""),
    )  # fmt: skip


@pytest.mark.parametrize("name", ALIASES)
def test_a_value_does_not_stand_under_a_name_that_shows_more_of_it(connection, name):
    column, sql = ALIASES[name]
    with pytest.raises(DefinitionError, match=f"{column}.*管不到"):
        guard(connection, sql, ("community_code", column))


FITTING = {
    "one name for another": ("head_name", "name as head_name"),
    "a choice of names": ("head_name", "coalesce(any_value(name), max(head_name)) as head_name"),
    "a count": ("resident_count", "count(*) filter (where birth_date < date '1950-01-01') as resident_count"),
    "what is public": (
        "community_name",
        "any_value(community_name || '（本社区）') as community_name",
    ),
    "what is not shown": ("change_in_life", "max(case when birth_date is null then '缺生日' end) as change_in_life"),
}


@pytest.mark.parametrize("name", FITTING)
def test_what_fits_may_stand(connection, name):
    column, expression = FITTING[name]
    where = "where birth_date < date '1950-01-01' group by community_code order by max(citizen_id)"
    guard(connection, f"select community_code, {expression} {_FROM} {where}", ("community_code", column))


WHOLE = {
    "an outer join on what is no secret": (
        "household_id",
        f"select r.community_code, h.household_id {_FROM}"
        " left join governance.household as h on h.household_id = r.household_id where r.phone > '138'",
    ),
    "a figure of the community beside a person": (
        "resident_count",
        "with old as (select p.community_code, count(*) as n from governance.resident as p"
        " where p.birth_date < date '1950-01-01' group by p.community_code)"
        f" select r.community_code, coalesce(old.n, 0) as resident_count {_FROM}"
        " left join old on old.community_code = r.community_code",
    ),
    "the same column of both halves": (
        "resident_id",
        f"select r.community_code, r.resident_id {_FROM} where r.phone > '138'"
        f" union select r.community_code, r.resident_id {_FROM} where r.phone is null",
    ),
    "who is left out by a list": (
        "resident_id",
        "with known as (select p.resident_id from governance.resident as p where p.phone is not null)"
        f" select r.community_code, r.resident_id {_FROM} left join known on known.resident_id = r.resident_id"
        " where known.resident_id is null",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_only_says_who_is_on_the_list_may_stand(connection, name):
    column, sql = WHOLE[name]
    guard(connection, sql, ("community_code", column))


def test_opened_in_full_only_the_class_counts(connection):
    number_as_phone = f"select community_code, citizen_id as head_name {_FROM}"
    with pytest.raises(DefinitionError, match="head_name"):
        guard(connection, number_as_phone, ("head_name",), "full")
    guard(connection, f"select community_code, phone as head_name {_FROM}", ("head_name",), "full")


def test_every_app_there_is_shows_what_its_names_say(connection):
    for app in light_apps(Settings.load().sql_models).values():
        guard(connection, app.model.sql, app.columns, app.profile, app.inputs, app.declares)
