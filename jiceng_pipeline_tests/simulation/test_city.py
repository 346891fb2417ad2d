"""The truth is plausible, and the same whenever it is made."""

from collections import Counter

import numpy as np
import pytest

from jiceng_pipeline.simulation import truth
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.families import CHILD, CHILDREN, ELDER, GRANDCHILD, HEAD, OTHER_ELDER, SECOND, SPOUSE
from jiceng_pipeline_tests.simulation.conftest import DAY


def ages(city, slot):
    """Return household → age of the member in that slot."""
    there = city.people.slot == slot
    return dict(zip(city.people.household[there].tolist(), city.age[there].tolist(), strict=True))


def test_the_same_seed_and_day_give_the_same_truth(reference, community):
    again = make_city(reference, scale="community", seed=11, as_of=DAY)
    assert truth.residents(again).equals(truth.residents(community))
    assert truth.enterprises(again).equals(truth.enterprises(community))


def test_another_seed_gives_other_people(reference, community):
    other = make_city(reference, scale="community", seed=12, as_of=DAY)
    assert not set(other.person_id.to_pylist()) & set(community.person_id.to_pylist())
    assert other.names.to_pylist()[:50] != community.names.to_pylist()[:50]


@pytest.mark.parametrize(("scale", "residents", "communities"), [("community", 2_000, 3), ("street", 30_000, 11)])
def test_scales(request, scale, residents, communities):
    city = request.getfixturevalue(scale)
    assert len(city.people) == pytest.approx(residents, rel=0.05)
    own = truth.residents(city)["community_code"].to_pylist()
    assert len({code for code in own if code.startswith("320613005")}) == communities
    assert len(city.enterprises) == pytest.approx(len(city.people) / 18, rel=0.02)


def test_households_and_ages_are_like_the_region(street):
    sizes = np.bincount(street.people.household)
    assert sizes.min() >= 1
    assert 2.2 <= sizes.mean() <= 2.6
    assert 0.11 <= (street.age < 15).mean() <= 0.17
    assert 0.27 <= (street.age >= 60).mean() <= 0.33
    assert (street.people.male).mean() == pytest.approx(0.5, abs=0.03)


def test_every_household_has_one_head(street):
    heads = street.people.household[street.people.slot == HEAD]
    assert sorted(heads.tolist()) == list(range(street.people.household.max() + 1))
    relation = np.array(street.people.relation.to_pylist())
    assert ((relation == "02") == (street.people.slot == HEAD)).all()


@pytest.mark.parametrize(
    ("elder", "younger"),
    [(HEAD, CHILD), (SPOUSE, CHILD), (HEAD, SECOND), (CHILD, GRANDCHILD), (ELDER, CHILD), (OTHER_ELDER, CHILD)],
)
def test_parents_are_older_than_their_children(street, elder, younger):
    old, young = ages(street, elder), ages(street, younger)
    gaps = [old[household] - young[household] for household in old.keys() & young.keys()]
    assert len(gaps) > 20
    assert min(gaps) >= 18


def test_spouses_are_of_similar_age(street):
    head, spouse = ages(street, HEAD), ages(street, SPOUSE)
    gaps = np.abs([head[each] - spouse[each] for each in spouse])
    assert gaps.mean() < 4
    assert gaps.max() <= 13


def test_relations_fit_sex(street):
    women = {"12", "30", "31", "32", "33", "34", "38", "42", "44", "52", "54", "56"}
    relation = np.array(street.people.relation.to_pylist())
    assert not set(relation[street.people.male]) & women
    assert set(relation[~street.people.male]) <= women | {"02"}


def test_children_are_unmarried_and_couples_married(street):
    status = np.array(street.people.marital_status.to_pylist())
    assert set(status[np.isin(street.people.slot, (SECOND, GRANDCHILD))]) == {"10"}
    assert set(status[street.people.slot == SPOUSE]) == {"20", "22", "30"}


def test_surnames_are_as_common_as_in_life_and_handed_down(street):
    surname = street.people.names.surname
    assert np.mean(surname == 0) == pytest.approx(0.0749, abs=0.012)
    child = np.isin(street.people.slot, CHILDREN)
    head_is_father = dict(
        zip(
            street.people.household[(street.people.slot == HEAD) & street.people.male].tolist(),
            surname[(street.people.slot == HEAD) & street.people.male].tolist(),
            strict=True,
        )
    )
    pairs = [
        (mine, head_is_father[household])
        for household, mine in zip(street.people.household[child].tolist(), surname[child].tolist(), strict=True)
        if household in head_is_father
    ]
    assert 0.9 < np.mean([mine == father for mine, father in pairs]) < 0.97


def test_namesakes_are_about_as_common_as_in_life(street):
    counts = np.array(list(Counter(street.names.to_pylist()).values()))
    people = counts.sum()
    collision = (counts * (counts - 1)).sum() / (people * (people - 1))
    assert 3e-6 < collision < 1.5e-5
    assert counts.max() < 30


def test_strangers_share_name_and_birth_date(street):
    both = Counter(zip(street.names.to_pylist(), street.people.birth.astype(str), strict=True))
    assert sum(count > 1 for count in both.values()) >= 6


def test_twins_and_sons_named_nearly_like_their_fathers(street):
    people, names = street.people, street.names.to_pylist()
    births = Counter(zip(people.household.tolist(), people.birth.astype(str), strict=True))
    twins = sum(count > 1 for count in births.values())
    assert 0.005 < twins / (people.slot == CHILD).sum() < 0.05
    father = {h: names[row] for row, h in enumerate(people.household) if people.slot[row] == HEAD and people.male[row]}
    near = [
        row
        for row in np.flatnonzero((people.slot == CHILD) & people.male)
        if (name := father.get(people.household[row])) and len(name) == 3 and names[row][:2] == name[:2]
    ]
    assert near
    assert all(names[row] != father[people.household[row]] for row in near)


def test_no_two_members_of_a_family_have_one_name(street):
    both = Counter(zip(street.people.household.tolist(), street.names.to_pylist(), strict=True))
    assert sum(count > 1 for count in both.values()) <= 3


def test_telephones_are_shared_in_some_families_only(street):
    phones = street.people.phone.to_pylist()
    users = {}
    for phone, household in zip(phones, street.people.household.tolist(), strict=True):
        users.setdefault(phone, set()).add(household)
    assert all(len(households) == 1 for households in users.values())
    assert 0.6 < len(users) / len(phones) < 0.9


def test_dwellings_have_different_addresses(street):
    addresses = street.homes.standard().to_pylist()
    assert len(set(addresses)) == len(addresses)
    lived_in = street.homes.standard().take(street.dwelling[street.people.slot == HEAD])
    assert len(set(lived_in.to_pylist())) == len(lived_in)


def test_where_people_are_registered(street):
    assert street.is_registered.mean() == pytest.approx(0.95, abs=0.01)
    away = street.registered_at[street.is_registered] != street.dwelling[street.is_registered]
    assert 0.08 < away.mean() < 0.2


def test_some_died_lately_and_after_their_birth(street):
    dead = ~street.is_alive
    assert 0.005 < dead.mean() < 0.03
    assert (street.people.death[dead] > street.people.birth[dead]).all()
    assert (street.people.death[dead] < street.today).all()


def test_enterprises_belong_to_living_adults(street):
    owner = street.enterprises.person
    assert street.is_alive[owner].all()
    assert street.age[owner].min() > 20
    kinds = np.bincount(street.enterprises.category)
    assert kinds[2] > kinds[1] > kinds[3] > 0
    assert (street.enterprises.established < street.today).all()


def test_no_number_or_order_of_the_truth_tells_another(street):
    people, position = street.people, np.arange(len(street.people))
    columns = {
        "household": people.household,
        "age": street.age,
        "dwelling": street.dwelling,
        "person_id": [int(each, 16) for each in street.person_id.to_pylist()],
        "household_code": street.household_code,
    }
    for name, values in columns.items():
        assert abs(np.corrcoef(position, np.argsort(np.argsort(values)))[0, 1]) < 0.03, name
    assert abs(np.corrcoef(street.household_code, people.household)[0, 1]) < 0.03
