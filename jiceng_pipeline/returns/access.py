"""Whose rows, which fields, shown how, what for: the one decision every path out of the program goes through.

Denied unless one single grant covers everything asked. The answer, yes or no, is in the ledger before
the caller has it, so where the ledger cannot be written nobody gets any data.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from jiceng_pipeline.core.errors import AccessDenied
from jiceng_pipeline.ledger.kinds.audit import Audit
from jiceng_pipeline.ledger.kinds.grant import Grant, Profile
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import grants, masks
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.masks import Masking


@dataclass(frozen=True)
class Access:
    """Leave to read one community's rows of one dataset; `maskings` has the columns that may be read.

    Only `authorise` makes one, and what reads data for somebody takes one.
    """

    actor: str
    dataset: str
    community: str
    profile: Profile
    purpose: str | None
    maskings: Mapping[str, Masking]
    receipt: str
    at: str
    grant: str = ""


@dataclass(frozen=True)
class _Condition:
    """One thing a grant must cover; `lacking` names it in the ledger, `what` and `cure` tell the person."""

    lacking: str
    holds: Callable[[Grant], bool]
    what: str
    cure: str = "请管理员授权"


def authorise(
    ledger: Ledger,
    actor: str,
    dataset: Dataset,
    community: str,
    profile: str = "check",
    purpose: str | None = None,
    *,
    action: str = "return",
    version: str | None = None,
    elements: Collection[str] = (),
) -> Access:
    """Return leave to read, or raise AccessDenied saying what is missing; audited either way.

    `community` is its code; `purpose` is needed for `full`. What is not among `elements`, where any are named,
    or not among those granted, is left out. Raise UsageError for a profile there is
    not, StorageFailure where the audit cannot be written.
    """
    shown = masks.profile(profile)
    stated = " ".join((purpose or "").split()) or None
    candidates = [entry.body for entry in grants.live(ledger, actor)]
    missing = None
    for condition in _conditions(dataset.name, community, shown, stated, elements):
        candidates = [grant for grant in candidates if condition.holds(grant)]
        if not candidates:
            missing = condition
            break
    audit = Audit(
        action=action,
        dataset=dataset.name,
        scope=community,
        profile=shown,
        purpose=stated,
        outcome="denied" if missing else "granted",
        lacking=missing.lacking if missing else None,
        grant=None if missing else candidates[0].subject,
        version=version,
    )
    event = ledger.append("audit", audit.subject, audit, actor)
    if missing:
        raise AccessDenied(missing.what, where=f"账号 {actor}", cure=f"{missing.cure}（回执号 {event.receipt}）")
    granted = candidates[0]
    maskings = {
        column: masks.masking(element, shown)
        for column, element in dataset.elements.items()
        if (not elements or column in elements)
        and (granted.elements == grants.EVERYTHING or column in granted.elements)
    }
    return Access(actor, dataset.name, community, shown, stated, maskings, event.receipt, event.at, granted.subject)


def _conditions(
    dataset: str, community: str, profile: Profile, purpose: str | None, elements: Collection[str]
) -> tuple[_Condition, ...]:
    """Return what is asked, in the order in which a person wants to hear what is missing."""
    return (
        _Condition("grant", lambda _: True, "没有有效的授权"),
        _Condition(
            "scope",
            lambda grant: grant.scope == grants.EVERYTHING or community.startswith(grant.scope),
            f"授权范围不含社区 {community}",
        ),
        _Condition(
            "dataset",
            lambda grant: grant.datasets == grants.EVERYTHING or dataset in grant.datasets,
            f"授权不含数据集 {dataset}",
        ),
        _Condition(
            "profile", lambda grant: profile in grant.profiles, f"授权不含显示方式 {profile}（{masks.TITLES[profile]}）"
        ),
        _Condition(
            "purpose",
            lambda _: profile != "full" or purpose is not None,
            "要看完整数据，先写明用途",
            "加上 --purpose，例如 --purpose 高龄津贴核对",
        ),
        _Condition(
            "purpose",
            lambda grant: grant.purposes == grants.EVERYTHING or purpose is None or purpose in grant.purposes,
            "授权不含所写的用途",
        ),
        _Condition(
            "elements",
            lambda grant: grant.elements == grants.EVERYTHING or set(elements) <= set(grant.elements),
            "授权不含所要的数据项",
        ),
    )
