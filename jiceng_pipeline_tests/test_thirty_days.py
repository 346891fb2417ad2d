"""Thirty days of a community through the real sync: whatever departments do, nothing is lost and ids stay."""

from itertools import pairwise

import pytest

from jiceng_pipeline.cli.evaluate import measure
from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.days import DAYS, QUESTIONS

FLOATING = "public_security/floating_population"
REGISTER = "market_supervision/enterprise_register"
OLD, NEW = {"320613005002", "320613005003"}, "320613005019"
pytestmark = pytest.mark.timeout(3600)  # whoever asks first waits for the month


def counts(evening):
    return dict(evening.seen["by_community"])


def test_every_evening_is_synced(month):
    assert [evening.number for evening in month.evenings] == list(range(DAYS + 1))
    assert all(set(evening.systems) == set(systems()) for evening in month.evenings)
    assert all(evening.version for evening in month.evenings)
    failing = {evening.number for evening in month.evenings if evening.exit_code}
    assert failing == {20, 21, 22}, "only while a column had a name nobody was told of"


@pytest.mark.parametrize("number", range(DAYS + 1))
def test_no_row_is_lost_on_any_day(month, number):
    conservation = month.evenings[number].conservation
    assert set(conservation) == set(systems())
    for system, (came, accepted, quarantined) in conservation.items():
        assert came == accepted + quarantined, system
        assert (came > 0) == (system in contracts()), "only communities have collected nothing"


@pytest.mark.parametrize(
    "never",
    [
        "without exactly one link",
        "names what is not there",
        "history overlaps or is empty",
        "history ends elsewhere than now",
    ],
)
def test_what_must_never_be_is_not_on_any_evening(month, never):
    found = {evening.number: evening.seen[never] for evening in month.evenings if evening.seen[never]}
    assert found == {}


def test_history_says_of_a_day_what_that_day_published(month):
    """Where an entity still has the records it had; others have the past of those they were joined with."""
    with connect(publish.current(month.settings).database, settings=month.settings, read_only=True) as connection:
        links = dict(connection.execute(QUESTIONS["entities"]).fetchall())
        for evening in month.evenings[:-1]:
            said = QUESTIONS["said"].replace("governance.resident", f"governance.resident_as_of(date '{evening.on}')")
            now = {row[0]: row for row in connection.execute(said).fetchall()}
            moved = {
                entity
                for record, had in evening.seen["entities"]
                if links.get(record, had) != had
                for entity in (had, links[record])
            }
            then = {row[0]: row for row in evening.seen["said"] if row[0] not in moved}
            different = [each for each in then if now.get(each) != then[each]]
            assert len(different) <= 0.002 * len(then), evening.number


def test_every_rhythm_is_seen(month):
    """Whoever works every night has new snapshots, whoever works once a year none but the first."""
    taken = {system: {evening.snapshots[system] for evening in month.evenings} for system in contracts()}
    assert len(taken["public_security/household_register"]) > 20
    assert len(taken["education/student_roster"]) == 1
    for system in ("civil_affairs/elderly_allowance", "social_security/pension_insurance"):
        assert len(taken[system]) == 2, system
    assert 2 <= len(taken["housing/property_register"]) <= 6


def test_a_renamed_column_its_contract_knows_is_mapped(month):
    after = month.evenings[17:]
    assert all(evening.systems[FLOATING]["status"] in {"landed", "unchanged"} for evening in after)
    assert month.evenings[16].snapshots[FLOATING] != month.evenings[15].snapshots[FLOATING] or (
        month.evenings[16].systems[FLOATING]["status"] == "unchanged"
    )


def test_a_column_renamed_without_a_word_stops_that_system_alone(month):
    for evening in month.evenings[20:23]:
        assert {s for s, told in evening.systems.items() if told["status"] == "failed"} == {REGISTER}
        assert set(evening.deliveries) == {REGISTER}
        for word in ("TEL", "LXDH"):
            assert word in evening.deliveries[REGISTER]
        assert evening.snapshots[REGISTER] == month.evenings[19].snapshots[REGISTER]
    assert month.evenings[23].systems[REGISTER]["status"] in {"landed", "unchanged"}
    assert REGISTER not in month.evenings[23].deliveries


def test_files_that_come_late_or_twice_or_again_do_no_harm(month):
    for number in (5, 6, 7):
        assert month.evenings[number].systems[FLOATING]["status"] == "unchanged", "nothing new was sent"
    for number in (9, 13):
        evening, before = month.evenings[number], month.evenings[number - 1]
        assert evening.exit_code == 0
        had, has = (each.conservation[FLOATING][0] for each in (before, evening))
        assert abs(had - has) < 0.2 * had, "neither doubled nor of another day"


def test_a_merger_moves_residents_and_loses_none(month):
    before, after, end = month.evenings[9], month.evenings[10], month.evenings[-1]
    assert counts(before).keys() >= OLD
    assert NEW not in counts(before)
    for evening in (after, end):
        assert NEW in counts(evening)
        assert not OLD & counts(evening).keys()
    moved = sum(counts(before)[code] for code in OLD)
    assert abs(counts(after)[NEW] - moved) <= 0.02 * moved
    people = [evening.seen["residents"][0][0] for evening in (before, after)]
    assert abs(people[1] - people[0]) <= 0.01 * people[0]


def test_the_dead_are_shown_as_dead_once_offices_hear(month):
    died = sum(evening.lived.events.get("death", 0) for evening in month.evenings[1:24])
    dead = [evening.seen["dead"][0][0] for evening in month.evenings]
    assert died
    assert dead[-1] > dead[0]


def test_ids_stay_from_day_to_day(month):
    """A record that stands keeps its entity but where records it was taken for others came or went."""
    links = [dict(evening.seen["entities"]) for evening in month.evenings]
    for before, after in pairwise(links):
        both = before.keys() & after.keys()
        changed = sum(before[record] != after[record] for record in both)
        assert changed <= 0.002 * len(both)
    first, last = links[0], links[-1]
    both = first.keys() & last.keys()
    assert sum(first[record] == last[record] for record in both) >= 0.99 * len(both)


def test_the_truth_agrees_after_a_month(month):
    scores = measure(month.settings)
    assert scores["resident"]["precision"] >= 0.995
    assert scores["resident"]["recall"] >= 0.93
    assert scores["valid_ids_merged"] == 0
