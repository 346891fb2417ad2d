"""Divisions as pages name them, from the version being served: 虹桥社区居委会, its street, county and city."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.returns import communities
from jiceng_pipeline.standard.macro import literal

EVERYWHERE = "*"


@dataclass(frozen=True)
class Neighbour:
    """A community inside a division, and how many live there as far as anybody knows."""

    code: str
    name: str
    township: str
    residents: int


def title(scope: str) -> str:
    """Return the name of a division; raise UsageError for a code there is not."""
    return "全部" if scope == EVERYWHERE else communities.find(settings(), scope).name


def inside(connection: duckdb.DuckDBPyConnection, scope: str) -> Sequence[Neighbour]:
    """Return the communities of a division, by code."""
    rows = connection.execute(
        f"""select c.community_code, c.community_name, c.township_name, count(r.resident_id)
        from governance.community as c
        left join returned.resident_register as r on r.community_code = c.community_code
        where starts_with(c.community_code, {literal(scope.rstrip(EVERYWHERE))})
        group by all having count(r.resident_id) > 0 order by 1"""
    ).fetchall()
    return [Neighbour(*row) for row in rows]
