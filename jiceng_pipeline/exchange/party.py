"""Parties (一方): a community, by its code, or a department, by its name; and who may act for one."""

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import access, communities, holding


def named(settings: Settings, name: str) -> str:
    """Return a community's code or a department's name; raise UsageError for what is neither."""
    return name if systems_of(name) else communities.find(settings, name).code


def permit(ledger: Ledger, actor: str, party: str, *, community: str, department: str) -> None:
    """Raise AccessDenied unless somebody may act for the party; the act has a name for either kind."""
    if systems := systems_of(party):
        permit_department(ledger, actor, department, systems)
    else:
        access.permit(ledger, actor, community, scope=party)


def permit_department(ledger: Ledger, actor: str, act: str, systems: tuple[str, ...] = ()) -> None:
    """Raise AccessDenied unless somebody may do that for one of these systems; for none named, for any."""
    held = {system for entry in holding.posts(ledger, actor) for system in entry.body.systems}
    own = sorted(held & set(systems) if systems else held)
    access.permit(ledger, actor, act, system=own[0] if own else next(iter(systems), None))


def systems_of(department: str) -> tuple[str, ...]:
    """Return the systems of a department, none for what is not one."""
    return tuple(name for name, contract in contracts().items() if contract.department == department)


def permit_here(ledger: Ledger, actor: str, act: str, scope: str, systems: tuple[str, ...] | None = None) -> None:
    """Raise AccessDenied unless somebody may do that for a division, by a post there or as a department.

    Where `systems` are said, a department needs to have one of these.
    """
    if _is_department(ledger, actor) and systems != ():
        permit_department(ledger, actor, act, systems or ())
    else:
        access.permit(ledger, actor, act, scope=scope)


def _is_department(ledger: Ledger, actor: str) -> bool:
    """Say whether somebody holds a department's post."""
    return any(entry.body.systems for entry in holding.posts(ledger, actor))
