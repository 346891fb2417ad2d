"""Packages for programs: one file a version, kept for an hour so that a download that broke off can go on."""

from hashlib import sha256
from pathlib import Path

from jiceng_pipeline.core import clock
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import place
from jiceng_pipeline.portal.reading import current, settings
from jiceng_pipeline.returns import communities, datasets, grants, package
from jiceng_pipeline.returns.access import authorise, served

KEPT_SECONDS = 3_600


def tag(account: str, scope: str, dataset: str, kind: str) -> str:
    """Return what names a package: whose, by which leave, of what, of which version."""
    with open_ledger(settings()) as ledger:
        held = [str(entry.seq) for entry in grants.live(ledger, account)]
    parts = (account, scope, dataset, kind, current().name, *held)
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def file(account: str, scope: str, dataset: str, kind: str) -> Path:
    """Return the masked package, cut now or within the last hour; leave is asked and audited either way."""
    _tidy()
    folder = place.folder(settings()) / "packages" / tag(account, scope, dataset, kind)
    if kept := sorted(folder.glob("[!.]*")):  # what begins with a dot is being written
        with open_ledger(settings()) as ledger:
            where = communities.find(settings(), scope)
            wanted = datasets.find(settings(), dataset)
            access = authorise(
                ledger, account, wanted, where.code, action="resume", version=current().name, channel="api"
            )
            served(ledger, access, 0)
        return kept[0]
    made = package.cut(
        settings(), actor=account, community=scope, dataset=dataset, format=kind, folder=folder, channel="api"
    )
    return made.path


def _tidy() -> None:
    """Remove what is older than an hour."""
    oldest = clock.now().timestamp() - KEPT_SECONDS
    for path in (place.folder(settings()) / "packages").glob("*/*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
