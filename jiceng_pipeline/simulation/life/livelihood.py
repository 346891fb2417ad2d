"""生计: telephones, jobs, allowances, assessments, sales, and the cases people report."""

import numpy as np

from jiceng_pipeline.simulation import phones, text
from jiceng_pipeline.simulation.affairs import MOST_CASES, closing
from jiceng_pipeline.simulation.chance import Floats, Ints, occurrence
from jiceng_pipeline.simulation.families import HEAD
from jiceng_pipeline.simulation.life.draft import Draft
from jiceng_pipeline.simulation.life.moving import buyers, sell
from jiceng_pipeline.simulation.life.pace import Pace
from jiceng_pipeline.simulation.settlement import LOCAL

LATER, TURNS = 10**9, 64  # numbers given out after the first day, and how many days until one comes again
# ages at which an office takes somebody up or lets go: school, retirement, allowances
MILESTONES = {
    "schooling": (3.0, 6.0, 12.0, 15.0, 18.0),
    "coming_of_age": (16.0,),
    "allowance_age": (70.0, 80.0, 90.0, 100.0),
}
RETIREMENT = {True: 60.0, False: 55.0}
DAY_START, DAY_END = 7 * 3600, 21 * 3600  # when people report


def milestones(draft: Draft) -> None:
    """Note who comes of an age that matters to an office."""
    age, living = draft.age, draft.is_living
    before = age - 1 / 365.2425

    def reached(limit: Floats | float) -> Ints:
        return np.flatnonzero(living & (age >= limit) & (before < limit))

    for kind, limits in MILESTONES.items():
        for limit in limits:
            draft.note(kind, reached(limit), after=f"{limit:.0f}")
    retired = reached(np.where(draft["people.male"], RETIREMENT[True], RETIREMENT[False]))
    draft.put("affairs.employer", retired, -1)
    draft.note("retirement", retired)


def telephones(draft: Draft, pace: Pace) -> None:
    """Give people new numbers; relatives who are reached at theirs are so from now on."""
    living = draft.is_living
    rows = draft.chosen("phones", living & (draft.age > 14), pace.phone * np.count_nonzero(living))
    if not len(rows):
        return
    _, first = np.unique(draft["people.household"][rows], return_index=True)
    rows = rows[np.sort(first)]
    new = phones.mobiles(LATER + draft["person_serial"][rows] * TURNS + draft.day % TURNS, draft.city.seed)
    household = draft["people.household"]
    place = np.full(int(household.max()) + 1, -1)
    place[household[rows]] = np.arange(len(rows))
    family = np.flatnonzero((place[household] >= 0) & living)
    whose = place[household[family]]
    shared = np.asarray(
        [a == b for a, b in zip(
            text.pick(draft["people.phone"], family).to_pylist(),
            text.pick(draft["people.phone"], rows[whose]).to_pylist(), strict=True,
        )], np.bool_,
    )  # fmt: skip
    family, whose = family[shared], whose[shared]
    old = text.pick(draft["people.phone"], family)
    draft.put("people.previous_phone", family, old)
    draft.put("people.phone", family, text.pick(new, whose))
    draft.note("phone", family, old, text.pick(new, whose))


def employment(draft: Draft, pace: Pace) -> None:
    """Let people change their jobs, and find new ones where an enterprise has closed."""
    living, employer = draft.is_living, draft["affairs.employer"]
    is_open = draft.is_open()
    if not is_open.any():
        return
    rows = draft.chosen("jobs", living & (employer >= 0), pace.employment * np.count_nonzero(living))
    lost = np.flatnonzero(living & (employer >= 0) & ~is_open[employer])
    rows = np.union1d(rows, lost)
    new = draft.stream("jobs").choice(np.flatnonzero(is_open), len(rows))
    codes = draft["enterprises.credit_code"]
    draft.note("employment", rows, text.pick(codes, employer[rows]), text.pick(codes, new))
    draft.put("affairs.employer", rows, new)


def allowances(draft: Draft, pace: Pace) -> None:
    """Grant and end subsistence allowances, a household at a time."""
    living, on = draft.is_living, draft["affairs.on_allowance"]
    heads = living & draft.is_in(HEAD) & ~draft["lives_apart"]
    may = heads & ~on & (draft["situation"] == LOCAL)
    for kind, weight, a_year, granted in (
        ("allowance_granted", may, pace.allowance_granted * np.count_nonzero(heads), True),
        ("allowance_ended", heads & on, pace.allowance_ended * np.count_nonzero(heads & on), False),
    ):
        rows = draft.chosen(kind, weight, a_year)
        household = draft["people.household"]
        family = np.flatnonzero(np.isin(household, household[rows]) & living & ~draft["lives_apart"])
        draft.put("affairs.on_allowance", family, granted)
        if granted:
            draft.put("affairs.allowance_since", family, draft.today)
        draft.note(kind, family, lots=draft["household_serial"][family])


def reviews(draft: Draft, pace: Pace) -> None:
    """Note who is assessed by the disabled persons' federation, and who reports to the veterans' office."""
    living = draft.is_living & (draft["registered_at"] >= 0)
    old = np.interp(draft.age, [0, 20, 50, 65, 90], [0.1, 0.2, 0.5, 1, 1.4])
    draft.note("assessment", draft.chosen("assessments", living * old, pace.assessment * living.sum()))
    men = living & draft["people.male"] & (draft.age > 22)
    draft.note("honour", draft.chosen("honours", men, pace.honour * living.sum()))


def sales(draft: Draft, pace: Pace) -> None:
    """Sell dwellings to others who stay where they live."""
    owner = draft["affairs.owner"]
    living = draft.is_living
    owned = (owner >= 0) & living[owner] & (draft["dwelling"][owner] != np.arange(len(owner)))
    total = np.count_nonzero(owner >= 0)
    if not owned.any() or not pace.sale:
        return
    rng = draft.stream("sales")
    count = min(int(rng.poisson(pace.sale * total / 365)), int(owned.sum()))
    sold = rng.choice(np.flatnonzero(owned), count, replace=False)
    sell(draft, sold, buyers(draft, count, "sales"))


def cases(draft: Draft, pace: Pace) -> None:
    """Report new cases to the city's managers."""
    living = draft.is_living
    rows = draft.chosen("cases", living & (draft.age > 18), pace.case * np.count_nonzero(living))
    before = draft["affairs.case_person"]
    past = np.bincount(before, minlength=len(draft))[rows]
    rows, past = rows[past < MOST_CASES], past[past < MOST_CASES]
    serial = draft["person_serial"][rows] * MOST_CASES + past + occurrence(rows)
    seconds = draft.lots("case times").integers(DAY_START, DAY_END, len(draft))[rows]
    opened = (draft.today - 1).astype("datetime64[s]") + seconds
    added = {"person": rows, "serial": serial, "opened": opened, "closed": closing(draft.city, serial, opened)}
    draft.add("case", len(rows), {f"affairs.case_{name}": values for name, values in added.items()})
    order = np.argsort(draft["affairs.case_serial"], kind="stable")
    for name in added:
        draft.order(f"affairs.case_{name}", order)
    draft.note("case", rows)
    closed = draft["affairs.case_closed"].astype("datetime64[D]") == draft.today - 1
    draft.note("case_closed", np.unique(draft["affairs.case_person"][closed]))
