"""What is in force of a system: its last full snapshot and the increments that follow it.

A snapshot that was found damaged and landed again is named in `replaces` of the newer one. It is read
from the newer one's files where both say the same, so that a record keeps its first day, and otherwise
not at all; any other damage stops whoever reads.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline.landing.snapshot import Snapshot


def taken(settings: Settings, contract: Contract) -> list[Snapshot]:
    """Return the snapshots that count, oldest first."""
    instead: dict[str, Snapshot] = {}
    found = []
    for each in reversed(snapshot.snapshots(settings, contract)):
        stands_in = instead.get(each.name)
        instead |= dict.fromkeys(each.meta.get("replaces", ()), stands_in or each)
        if stands_in is None:
            found.append(each)
        elif stands_in.meta["content_hash"] == each.meta["content_hash"]:
            meta = {**each.meta, "files": stands_in.meta["files"]}
            found.append(replace(each, rows=stands_in.rows, rejects=stands_in.rejects, meta=meta))
    return found[::-1]


def chain(found: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the last full snapshot of these and what follows it; all of them where none is full."""
    full = [place for place, each in enumerate(found) if not is_increment(each)]
    return list(found[full[-1] if full else 0 :])


def current(settings: Settings, contract: Contract) -> list[Snapshot]:
    """Return the chain in force, none before the first pull; raise IntegrityError where it is damaged."""
    links = chain(taken(settings, contract))
    if links and not is_sound(links):
        raise IntegrityError(
            "现用的快照已损坏或缺了一份",
            where=str(snapshot.folder(settings, contract)),
            cure="重新拉取这个系统，或从备份恢复这个文件夹",
        )
    return links


def is_increment(each: Snapshot) -> bool:
    """Return whether the snapshot holds only what changed."""
    return each.meta.get("delivery") == "incremental"


def is_sound(links: Sequence[Snapshot]) -> bool:
    """Return whether a chain has its beginning and every link, each as long as it was landed."""
    if not links or is_increment(links[0]) or not all(map(snapshot.is_whole, links)):
        return False
    return all(later.meta["base"] == earlier.name for earlier, later in pairwise(links))


def records(links: Sequence[Snapshot]) -> int:
    """Return how many records are in force after a chain, as its pulls counted them."""
    if not links:
        return 0
    meta = links[-1].meta
    found: int = meta.get("records", meta["rows_accepted"])
    return found


def rejected(links: Sequence[Snapshot]) -> int:
    """Return how many rows could not be read since the last full pull, that one included."""
    return sum(each.meta["rows_rejected"] for each in links)
