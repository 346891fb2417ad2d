"""The meter counts cells as the forms have them, ranks departments alone, and what was asked again shows."""

from dataclasses import replace

import pytest

from jiceng_pipeline.forms import burden, prefill
from jiceng_pipeline.forms.definition import forms


@pytest.fixture(scope="module")
def every(listed, community):
    return burden.by_community(listed, community)


def test_it_counts_what_the_page_shows(listed, community, every):
    found = {each.form: each for each in every}
    assert set(found) == set(forms())
    for name in ("household_visit", "small_business_visit", "subsistence_review"):
        page = prefill.page(listed, actor="operator", form=name, community=community)
        states = "".join(row.states for row in page.rows)
        told = found[name]
        assert (told.rows, told.cells) == (len(page.rows), len(states))
        assert told.to_fill == states.count("f")
        assert told.to_verify == states.count("v")
        assert told.prefilled == states.count("k") + states.count("v")


def test_a_department_is_one_line_and_nothing_is_asked_again(every):
    found = burden.league(every)
    assert {each.department for each in found} == {form.department for form in forms().values()}
    assert all(each.asked_again == 0 and each.community == "" for each in found)
    assert sum(each.cells for each in found) == sum(each.cells for each in every)
    assert all(each.minutes_saved > 0 for each in found)


def test_who_asks_again_stands_first(every):
    worst = [replace(each, asked_again=7) if each.form == "veteran_visit" else each for each in every]
    assert burden.league(worst)[0].department == "veterans_affairs"
