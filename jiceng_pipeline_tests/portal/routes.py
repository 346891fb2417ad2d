"""Every address of the site with something real in its holes, for walking all of them."""

from dataclasses import dataclass, field

from django.urls import get_resolver

from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

METHODS = ("get", "post", "put", "delete", "head", "options")
ROLES = ("clerk", "township", "county", "city", "department", "system_admin", "security_admin", "audit_admin")


@dataclass
class Place:
    """A community and what lies in it; `canaries` are values that nobody else may get to see."""

    code: str
    holes: dict = field(default_factory=dict)
    canaries: set = field(default_factory=set)

    @property
    def prefixes(self):
        return {"own": self.code, "township": self.code[:9], "county": self.code[:6], "city": self.code[:4]}


def patterns(found=None, before=""):
    """Return (route, view) of every address there is."""
    for pattern in found or get_resolver().url_patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from patterns(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def filled(route, holes):
    """Return the address, every `<kind:name>` replaced; what is not known gets a key that is not there."""
    out, rest = "", route
    while "<" in rest:
        before, _, rest = rest.partition("<")
        hole, _, rest = rest.partition(">")
        out += before + holes.get(hole.rpartition(":")[2], "0" * 32)
    return "/" + out + rest


def place(settings, code):
    """Return a community with ids of its own in the holes."""
    version = publish.current(settings)
    with connect(version.database, settings=settings, read_only=True) as connection:
        rows = connection.execute(
            """select resident_id, name, citizen_id, phone, household_id from returned.resident_register
            where community_code = ? and citizen_id is not null and phone is not null order by resident_id limit 200""",
            [code],
        ).fetchall()
    found = Place(code)
    # a page may repeat the ids it was asked for, nothing else
    found.canaries = {value for row in rows for value in (row[2], row[3])} | {row[0] for row in rows[2:]}
    found.holes = {
        "scope": code, "name": "resident_register", "kind": "resident", "key": rows[0][0], "element": "phone",
        "dataset": "resident_register",
        "number": "1",
        "one": rows[0][0], "other": rows[1][0] if len(rows) > 1 else "0" * 32,
    }  # fmt: skip
    return found


def communities(settings):
    """Return the codes of communities, the fullest first."""
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        rows = connection.execute(
            """select community_code from returned.resident_register
            group by community_code order by count(*) desc, community_code"""
        ).fetchall()
    return [code for (code,) in rows]
