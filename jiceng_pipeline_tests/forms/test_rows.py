"""Rows are the same however many are looked up at once, each with its community, and none is of a dead person."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.forms import rows
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.returns.masks import SHOWN
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect


@pytest.fixture(scope="module")
def connection(synced):
    with connect(publish.find(synced).database, settings=synced, read_only=True) as opened:
        yield opened


def read(connection, form, where="true"):
    shown = {each.element: SHOWN for each in forms()[form].columns}
    return dict(rows.by_community(connection, forms()[form], shown, "2026-11-28", where))


@pytest.mark.parametrize("form", ["household_visit", "frontage_responsibility"])
def test_in_parts_or_at_once_the_rows_are_the_same(connection, monkeypatch, form):
    whole = read(connection, form)
    monkeypatch.setattr(rows, "_PART", 20)
    assert read(connection, form) == whole
    assert list(whole) == sorted(whole)


@pytest.mark.parametrize("sql", ["select community_code, resident_idd from (select 1 as community_code)", "select"])
def test_a_mistake_in_the_row_set_is_told_as_one_of_the_definition(sql):
    form = forms()["household_visit"]
    broken = form.model_copy(update={"rows": form.rows.model_copy(update={"sql": sql})})
    with connect() as scratch, pytest.raises(DefinitionError, match=r"household_visit.*rows\.sql"):
        list(rows.by_community(scratch, broken, {}, "2026-11-28", "true"))


def test_a_scope_has_its_own_rows_alone(connection):
    whole = read(connection, "uninsured_resident")
    place = max(whole, key=lambda each: len(whole[each]))
    assert read(connection, "uninsured_resident", f"community_code = '{place}'") == {place: whole[place]}


def test_no_form_lists_a_dead_person(connection):
    dead = {key for (key,) in connection.execute(
        "select resident_id from governance.resident where death_date is not null"
    ).fetchall()}  # fmt: skip
    assert dead
    for form in forms().values():
        listed = {row.entity_id for lines in read(connection, form.id).values() for row in lines}
        assert not listed & dead, form.id
