"""A replica of landing as it was at one sync: links to its snapshots and outcomes, verified byte for byte."""

from pathlib import Path

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import force, outcome, snapshot


def link(settings: Settings, target: Settings, contract: Contract, newest: str | None, pulled: str | None) -> None:
    """Lay out in the fresh home `target` what landing had of a system then.

    `newest` is the snapshot that was in force, `pulled` the stamp of the last pull; None: there was none.
    Raise IntegrityError where a snapshot is gone, or not what was landed.
    """
    source, place = snapshot.folder(settings, contract), snapshot.folder(target, contract)
    outcomes = outcome.folder(target, contract)
    outcomes.mkdir(parents=True)
    if newest is not None:
        if not (source / newest).is_dir():
            raise snapshot.damaged(source / newest)
        _link(source, place, [each.name for each in snapshot.snapshots(settings, contract) if each.name <= newest])
        for each in force.taken(target, contract):
            snapshot.verify(each)
    stamps = sorted(path.name for path in outcome.folder(settings, contract).glob("[0-9]*.json"))
    _link(outcome.folder(settings, contract), outcomes, [name for name in stamps if name[:-5] <= (pulled or "")])


def _link(source: Path, place: Path, names: list[str]) -> None:
    for name in names:
        (place / name).symlink_to(source / name)
