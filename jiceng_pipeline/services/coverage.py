"""覆盖 (coverage): how many people of each community have each item within so many minutes, and where they have not.

What leaves this room is disclosed: a number of fewer than eight people is withheld, every other is rounded to
five, and totals are sums of the rounded, so that no subtraction gives back what was withheld.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from jiceng_pipeline.services import reach
from jiceng_pipeline.services.item import Item
from jiceng_pipeline.services.network import Network
from jiceng_pipeline.services.point import ANY_TIME, When
from jiceng_pipeline.services.walking import Walking

THRESHOLD, STEP = 8, 5
_WITHHELD = "不足 8 人，不列"


@dataclass(frozen=True)
class Counted:
    """People of one community and profile: how many, how many near the item, how many whose door nobody located."""

    community_code: str
    item: str
    profile: str
    people: int
    within: int
    unlocated: int


@dataclass(frozen=True)
class Share:
    """What may be told of `Counted`: rounded; None where it is withheld, `note` says why."""

    area_code: str
    item: str
    profile: str
    people: int | None
    within: int | None
    unlocated: int | None
    note: str = ""

    @property
    def share(self) -> float | None:
        """Return the share of the located people who are near."""
        return None if not self.people or self.within is None else min(1.0, self.within / self.people)

    @property
    def beyond(self) -> int | None:
        """Return how many are not near."""
        return None if self.people is None or self.within is None else max(0, self.people - self.within)


def count(
    connection: duckdb.DuckDBPyConnection,
    walking: Walking,
    items: Sequence[Item],
    when: When = ANY_TIME,
    paths: Network | None = None,
    scope: str = "",
) -> list[Counted]:
    """Return the counts of every community, item and profile within a scope; not to be shown as they are."""
    reach.everybody(connection, walking, scope)
    points = reach.points_for(connection, scope, items)
    wanted = reach.sets(points, items, walking, when)
    reach.measure(connection, walking, points, wanted, paths)
    found: list[Counted] = []
    for name, profile in walking.profiles.items():
        limit = profile.metres(walking.minutes)
        numbers = {item.id: wanted.of[item.id, profile.step_free] for item in items}
        columns = ", ".join(
            f"coalesce(sum(people) filter (where d{number} <= {limit}), 0)::bigint as w{number}"
            for number in sorted(set(numbers.values()))
        )
        rows = connection.execute(
            f"""select community_code, coalesce(sum(people) filter (where place is not null), 0)::bigint,
                coalesce(sum(people) filter (where place is null), 0)::bigint, {columns}
            from walker left join reach using (place) where profile = ?
            group by community_code order by community_code""",
            [name],
        ).fetchall()
        order = {number: column for column, number in enumerate(sorted(set(numbers.values())))}
        found.extend(
            Counted(code, item, name, people, within[order[number]], unlocated)
            for code, people, unlocated, *within in rows
            for item, number in numbers.items()
        )
    return found


def disclosed(each: Counted) -> Share:
    """Return what may be told of a community: no number of fewer than eight, every other rounded to five."""
    beyond = each.people - each.within
    share = Share(each.community_code, each.item, each.profile, None, None, _rounded(each.unlocated))
    if each.people < THRESHOLD:
        return replace(share, note=_WITHHELD)
    people = _rounded(each.people)
    if 0 < each.within < THRESHOLD:
        return replace(share, people=people, note=f"走得到的{_WITHHELD}")
    if 0 < beyond < THRESHOLD:
        return replace(share, people=people, note=f"走不到的{_WITHHELD}")
    return replace(share, people=people, within=_rounded(each.within))


def total(shares: Iterable[Share], digits: int = 0) -> list[Share]:
    """Return the sums of what may be told, by the first digits of the area's code, item and profile.

    What is withheld of a part is left out of the sum, and said.
    """
    sums: dict[tuple[str, str, str], list[Share]] = {}
    for share in shares:
        sums.setdefault((share.area_code[:digits], share.item, share.profile), []).append(share)
    return [_sum(key, parts) for key, parts in sorted(sums.items())]


def grouped(shares: Iterable[Share], group_of: Mapping[str, str], digits: int = 12) -> list[Share]:
    """Return the sums over items of one group; in place of the item stands the group that `group_of` has for it."""
    return total((replace(share, item=group_of[share.item]) for share in shares), digits)


def gaps(shares: Iterable[Share], least: float = 0.8) -> list[Share]:
    """Return where fewer than this share is near, those first where most people are not."""
    found = [share for share in shares if share.share is not None and share.share < least]
    return sorted(found, key=lambda each: (-(each.beyond or 0), each.area_code, each.item, each.profile))


def _sum(key: tuple[str, str, str], parts: Sequence[Share]) -> Share:
    told = [part for part in parts if part.people is not None and part.within is not None]
    left = len(parts) - len(told)
    return Share(
        *key,
        sum(part.people or 0 for part in told) if told else None,
        sum(part.within or 0 for part in told) if told else None,
        sum(part.unlocated or 0 for part in parts),
        f"另有 {left} 处人数太少，没有计入" if left else "",
    )


def _rounded(number: int) -> int | None:
    """Return a number as it may be told."""
    if 0 < number < THRESHOLD:
        return None
    return STEP * round(number / STEP)
