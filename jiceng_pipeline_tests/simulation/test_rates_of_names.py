"""Errors that can happen to few: how often they do, of those they can happen to, whom the truth names."""

import numpy as np
import pyarrow.compute as pc
import pytest

from jiceng_pipeline.simulation import text, variants
from jiceng_pipeline.simulation.errors import CARE, Rates
from jiceng_pipeline.simulation.families import CHILD, CHILDREN, HEAD, SPOUSE
from jiceng_pipeline.simulation.family_names import row_of
from jiceng_pipeline.simulation.store import stores
from jiceng_pipeline_tests.simulation.test_rates import close, made, rows_of

NAMES = {
    "health/resident_health_record": "name",
    "social_security/pension_insurance": "姓名",
    "medical_insurance/insured_person": "AAC003",
    "public_security/household_register": "xm",
}
PHONES = {"health/resident_health_record": "mobile", "medical_insurance/insured_person": "AAE005"}


def happened(written, street, kind, columns, possible, rate):
    """Return how often an error happened in some systems, to how many it could, and the mean rate of that."""
    count = chances = expected = 0
    for system, column in columns.items():
        can = possible[rows_of(street, written[system])].sum()
        count += made(written[system], kind, column)
        chances += can
        expected += can * rate(Rates().of(system))
    return count, chances, expected / chances


@pytest.fixture(scope="module")
def plain(street):
    """Return whose name is of Han characters of the usual sets, in an ordinary card."""
    named, rare = street.people.names, street.reference.is_rare
    is_rare = rare[named.last] | ((named.first >= 0) & rare[named.first])
    return ~is_rare & ~street.is_dotted & ~street.documents.is_held


@pytest.fixture(scope="module")
def other_parent(street):
    """Return the row of the parent a child is not named after, or -1."""
    people, surname = street.people, street.people.names.surname
    head, spouse = (row_of(people.household, people.slot, slot) for slot in (HEAD, SPOUSE))
    other = np.where((head >= 0) & (surname[head] != surname), head, spouse)
    return np.where(np.isin(people.slot, CHILDREN) & (other >= 0) & (surname[other] != surname), other, -1)


def test_lookalikes(street, written, plain):
    last = text.pick(street.reference.characters["lookalike"], street.people.names.last)
    possible = np.asarray(pc.not_equal(last, "")) & plain
    found = happened(written, street, "name_lookalike", NAMES, possible, lambda rates: rates.name_lookalike * 0.99)
    assert close(*found)


def test_traditional_names(street, written, plain):
    names = street.people.names.written(street.reference)
    possible = np.asarray(pc.not_equal(names, variants.traditional(names))) & plain
    found = happened(written, street, "name_traditional", NAMES, possible, lambda rates: rates.name_traditional * 0.97)
    assert close(*found)


def test_names_of_documents_in_simplified_characters(street, written):
    plain = street.people.names.written(street.reference)
    possible = np.asarray(pc.not_equal(street.names, plain)) & street.documents.is_held & ~street.documents.is_foreign
    found = happened(written, street, "name_simplified", NAMES, possible, lambda rates: rates.name_simplified * 0.98)
    assert found[1] > 30
    assert close(*found)


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        ("name_pinyin", lambda r: (1 - r.name_question_mark) * r.name_pinyin),
        ("name_private_code", lambda r: (1 - r.name_question_mark) * (1 - r.name_pinyin) * r.name_private_code),
    ],
)
def test_stand_ins_for_rare_characters(street, written, plain, kind, rate):
    possible = ~plain & ~street.is_dotted & ~street.documents.is_held
    assert close(*happened(written, street, kind, NAMES, possible, rate))


def test_dots(street, written):
    found = happened(written, street, "name_dot", NAMES, street.is_dotted, lambda rates: rates.name_dot)
    assert close(*found)


def test_telephones_of_children(street, written):
    people = street.people
    child = row_of(people.household, people.slot, CHILD)
    possible = np.isin(people.slot, (HEAD, SPOUSE)) & (child >= 0) & (street.age[child] > 18) & (street.age > 60)
    found = happened(
        written, street, "phone_of_child", PHONES, possible, lambda r: (1 - r.phone_old) * r.phone_of_child
    )
    assert close(*found)


def test_children_by_the_name_of_the_other_parent(street, written, plain, other_parent):
    possible = (other_parent >= 0) & ~street.is_dotted & ~street.documents.is_foreign
    found = happened(written, street, "name_other_family", NAMES, possible, lambda rates: rates.name_other_family)
    assert found[1] > 3000
    assert close(*found)


def test_the_name_of_the_other_parent_is_all_that_differs(street, written, other_parent):
    surnames, true = street.reference.surnames["surname"].to_pylist(), street.names.to_pylist()
    seen = 0
    for system, column in NAMES.items():
        records, rows = written[system], rows_of(street, written[system])
        (mark,) = [mark.rows for mark in records.marks if mark.kind == "name_other_family"]
        for record in np.flatnonzero(mark).tolist():
            row = rows[record]
            own, other = (surnames[street.people.names.surname[each]] for each in (row, other_parent[row]))
            given = true[row].removeprefix(own)
            assert records.table[column][record].as_py().replace("?", given[:1]) != true[row]
            assert records.table[column][record].as_py().startswith(other)
            seen += records.table[column][record].as_py() == other + given
    assert seen > 30


def test_every_office_makes_every_kind_of_error_it_can(written):
    """A kind that no office makes would be a rate without effect."""
    kinds = {mark.kind for records in written.values() for mark in records.marks if mark.rows.any()}
    assert set(Rates.__dataclass_fields__) <= kinds
    assert set(CARE) <= set(stores())
