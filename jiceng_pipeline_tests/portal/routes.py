"""Every address of the site with something real in its holes, for walking all of them."""

from dataclasses import dataclass

from django.urls import get_resolver

from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

METHODS = ("get", "post", "put", "delete", "head", "options")
ROLES = ("clerk", "township", "county", "city", "department", "system_admin", "security_admin", "audit_admin")


@dataclass(frozen=True)
class Place:
    """A community, and keys of what lies in it by kind."""

    code: str
    ids: dict

    @property
    def holes(self):
        """Return what fills the holes of an address about a resident."""
        return {
            "scope": self.code, "name": "resident_register", "kind": "resident", "key": self.ids["resident"],
            "element": "phone", "dataset": "resident_register", "number": "1", "one": self.ids["resident"],
            "other": self.ids["one_more"], "profile": "check",
        }  # fmt: skip


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


def addresses(route, place, scope, names):
    """Yield the addresses of a route in a scope, about what lies in a place; `names` as in `names()`."""
    holes = {**place.holes, "scope": scope}
    if "entity:kind" in route or "<kind>/<key>" in route:
        for kind in ("resident", "household", "enterprise"):
            yield filled(route, {**holes, "kind": kind, "key": place.ids[kind]})
        return
    named = next((known for part, known in names.items() if f"/{part}/<" in route), ("resident_register",))
    kinds = names["formats"] if "kind>" in route else ("",)
    for name in named if "name:name" in route else named[:1]:
        for kind in kinds if name == named[0] else kinds[-1:]:
            yield filled(route, {**holes, "name": name, "kind": kind})


def names(settings):
    """Return part of an address → the names that may follow it, and the formats files come in."""
    from jiceng_pipeline.exchange.light_app import light_apps
    from jiceng_pipeline.forms import definition
    from jiceng_pipeline.returns import datasets, package
    from jiceng_pipeline.services import catalogue

    registers = tuple(datasets.datasets(settings))
    return {
        "register": registers, "download": registers, "unmasked": registers,
        "app": tuple(light_apps(settings.sql_models)), "form": tuple(definition.forms()),
        "service": tuple(catalogue.items(settings))[:2], "formats": package.kinds(),
    }  # fmt: skip


def place(settings, code):
    """Return a community with ids of its own in the holes."""
    with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
        residents = connection.execute(
            """select resident_id, household_id from returned.resident_register
            where community_code = ? order by household_id is null, resident_id limit 2""",
            [code],
        ).fetchall()
        enterprises = connection.execute(
            "select enterprise_id from returned.enterprise_register where community_code = ? order by 1 limit 1", [code]
        ).fetchall()
    nobody = "0" * 32
    return Place(
        code,
        {
            "resident": residents[0][0],
            "one_more": residents[-1][0],
            "household": residents[0][1] or nobody,
            "enterprise": enterprises[0][0] if enterprises else nobody,
        },
    )


def communities(settings):
    """Return the codes of communities, the fullest first."""
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        rows = connection.execute(
            """select community_code from returned.resident_register
            group by community_code order by count(*) desc, community_code"""
        ).fetchall()
    return [code for (code,) in rows]
