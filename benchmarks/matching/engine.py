"""The bound, and this engine as it stands in the tree."""

from benchmarks.matching.contest import Contest
from benchmarks.matching.dataset import LINK, RECORD


def bound(contest: Contest) -> None:
    """Read, group by the valid number, write: less than that nobody can do."""
    with contest.phase("group"):
        contest.connection.execute(
            f"""create temp table entity as
            select citizen_id, min(record_id) as entity_id from {RECORD}
            where citizen_id is not null group by citizen_id"""
        )
    contest.write(
        f"""select r.record_id, coalesce(e.entity_id, r.record_id) as entity_id
        from {RECORD} as r left join entity as e using (citizen_id)"""
    )


def engine(contest: Contest) -> None:
    """Make the links by the tables of the build, training included: a new home has no model version."""
    contest.make(LINK)
    contest.write(f"select record_id, entity_id from {LINK}")
