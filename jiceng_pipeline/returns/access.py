"""Whose rows, which fields, shown how, what for: the one decision every path out of the program goes through.

Denied unless one single grant or post covers everything asked. The answer, yes or no, is in the ledger before
the caller has it, so where the ledger cannot be written nobody gets any data. What came of it is written by
`served` or `failed`. What changes something instead of reading data is decided by `permit`, likewise: a denial is
in the ledger, and so is leave for what administrators do; what others do is there as the event that it leads to.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.audit import Audit, Channel
from jiceng_pipeline.ledger.kinds.grant import Grant, Profile
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import changes, grants, holding, masks, roles
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.masks import Masking
from jiceng_pipeline.returns.roles import Role
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.connection import identifier

_SCOPE = re.compile(r"\*|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}")
_AFTER_DIGITS = "~"
_PERSON = "resident_id"
Entity = Literal["resident", "household", "enterprise", "dwelling"]


@dataclass(frozen=True)
class Access:
    """Leave to read one division's rows of one dataset; `maskings` has the columns that may be read.

    Only `authorise` makes one, and what reads data for somebody takes one.
    """

    actor: str
    dataset: str
    scope: str
    profile: Profile
    purpose: str | None
    maskings: Mapping[str, Masking]
    receipt: str
    at: str
    grant: str
    audit: Audit
    seq: int

    def where(self, column: str = "community_code") -> str:
        """Return SQL that holds for the rows of the scope that may be told; `column` has their community's code.

        A range instead of a function, so that DuckDB skips what lies outside: tables are sorted by community.
        """
        inside = self._inside(column)
        return f"{inside} and {changes.told(self.profile)}" if self.dataset == changes.NAME else inside

    def _inside(self, column: str) -> str:
        named = ".".join(identifier(part) for part in column.split("."))
        if self.scope == grants.EVERYTHING:
            return "true"
        if len(self.scope) == 12:
            return f"{named} = {literal(self.scope)}"
        return f"{named} between {literal(self.scope)} and {literal(self.scope + _AFTER_DIGITS)}"


@dataclass(frozen=True)
class Permission:
    """Leave to do one act; `holder` is the subject of the post or grant it rests on."""

    actor: str
    act: str
    scope: str | None
    system: str | None
    holder: str
    receipt: str | None


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
    scope: str,
    profile: str = "check",
    purpose: str | None = None,
    *,
    action: str = "return",
    version: str | None = None,
    elements: Collection[str] = (),
    as_of: date | str | None = None,
    channel: Channel | None = None,
    entity: Entity | None = None,
    entity_id: str | None = None,
    term: str | None = None,
) -> Access:
    """Return leave to read, or raise AccessDenied saying what is missing; audited either way.

    `scope` is a division's code of 2, 4, 6, 9 or 12 digits, or `*`; `purpose` is needed for `full`. What is not
    among `elements`, where any are named, or not among those granted, is left out; all of `elements` and of the
    dataset's `inputs` have to be granted. `entity` with its id where one is looked at, `term` a keyed hash of what
    is searched for. Raise UsageError for a profile or scope there is not, StorageFailure where the audit cannot be
    written.
    """
    shown = masks.profile(profile)
    if not _SCOPE.fullmatch(scope):
        raise UsageError("范围不是区划代码", where="范围", cure="写 2、4、6、9 或 12 位数字，或 *")
    stated = " ".join((purpose or "").split()) or None
    candidates = grants.live(ledger, actor)
    missing = None
    for condition in _conditions(dataset.name, scope, shown, stated, {*elements, *dataset.inputs}):
        candidates = [entry for entry in candidates if condition.holds(entry.body)]
        if not candidates:
            missing = condition
            break
    audit = Audit(
        action=action,
        dataset=dataset.name,
        scope=scope,
        profile=shown,
        purpose=stated,
        outcome="denied" if missing else "granted",
        lacking=missing.lacking if missing else None,
        grant=None if missing else candidates[0].subject,
        version=version,
        as_of=date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
        channel=channel,
        entity=entity,
        entity_id=entity_id,
        term=term,
    )
    event = ledger.append("audit", audit.subject, audit, actor)
    if missing:
        raise AccessDenied(missing.what, where=f"账号 {actor}", cure=f"{missing.cure}（回执号 {event.receipt}）")
    granted = candidates[0]
    maskings = {
        column: masking(dataset, element, shown)
        for column, element in dataset.elements.items()
        if (not elements or column in elements)
        and (granted.body.elements == grants.EVERYTHING or column in granted.body.elements)
    }
    return Access(
        actor, dataset.name, scope, shown, stated, maskings, event.receipt, event.at, granted.subject, audit, event.seq
    )


def masking(dataset: Dataset, element: Element, shown: Profile) -> Masking:
    """Return how a column is shown: of who is under fourteen only where that is the dataset's declared purpose.

    Whoever states a purpose to see all is not kept from it.
    """
    found = masks.masking(element, shown, dataset.declares)
    if "minors" in dataset.declares or shown == "full" or _PERSON not in dataset.columns:
        return found
    return masks.without_minors(found, element, _PERSON)


def served(ledger: Ledger, access: Access, rows: int, shown: Sequence[str] | None = None) -> Event:
    """Write down what is about to be handed out: how many rows and, of a page, which entities (surrogate keys)."""
    return _came_of_it(ledger, access, {"outcome": "served", "rows": rows, "shown": tuple(shown) if shown else None})


def failed(ledger: Ledger, access: Access) -> Event:
    """Write down that nothing was handed out although there was leave."""
    return _came_of_it(ledger, access, {"outcome": "failed"})


def _came_of_it(ledger: Ledger, access: Access, told: Mapping[str, object]) -> Event:
    audit = access.audit.model_copy(update={**told, "leave": access.seq})
    return ledger.append("audit", audit.subject, audit, access.actor)


def permit(ledger: Ledger, actor: str, act: str, scope: str | None = None, system: str | None = None) -> Permission:
    """Return leave, or raise AccessDenied saying what is missing.

    `scope` is the division it is about, `system` the department's system; a post for divisions covers only what is
    said to be in its own, a department's only what is said to be of its own systems. The operator may do everything
    while the grant that came with the installation stands. Raise DefinitionError for an act that no role has.
    """
    able = roles.holders_of(act)
    held = holding.posts(ledger, actor)
    alone = len(held) == 1
    fitting = [entry for entry in held if entry.body.role in {each.code for each in able}]
    standing = [
        entry.subject
        for entry in fitting
        if (alone or not holding.is_administrator(held)) and _covers(entry.body, scope, system)
    ]
    if actor == grants.OPERATOR:
        standing += [entry.subject for entry in holding.grants(ledger, actor) if entry.body.scope == grants.EVERYTHING]
    is_audited = not standing or any(role.is_administrator for role in able)
    event = None
    if is_audited:
        audit = Audit(
            action=act,
            dataset=f"act:{act}",
            scope=scope or "*",
            outcome="granted" if standing else "denied",
            lacking=None if standing else ("scope" if fitting else "post"),
            grant=standing[0] if standing else None,
            system=system,
        )
        event = ledger.append("audit", audit.subject, audit, actor)
    if not standing:
        what, cure = _told(able, bool(fitting), scope, system)
        raise AccessDenied(what, where=f"账号 {actor}", cure=f"{cure}（回执号 {event.receipt if event else ''}）")
    return Permission(actor, act, scope, system, standing[0], event.receipt if event else None)


def allows(
    grant: Grant, dataset: str, scope: str, profile: Profile, purpose: str | None, elements: Collection[str] = ()
) -> bool:
    """Say whether one grant would cover that; who wants to read asks `authorise`, which writes it down."""
    return all(each.holds(grant) for each in _conditions(dataset, scope, profile, purpose, elements))


def covers(held: str, asked: str) -> bool:
    """Say whether a grant or post for `held` is one for `asked`: its own division or one inside it."""
    return held == grants.EVERYTHING or asked.startswith(held)


def _conditions(
    dataset: str, scope: str, profile: Profile, purpose: str | None, elements: Collection[str]
) -> tuple[_Condition, ...]:
    """Return what is asked, in the order in which a person wants to hear what is missing."""
    return (
        _Condition("grant", lambda _: True, "没有有效的授权"),
        _Condition("scope", lambda grant: covers(grant.scope, scope), f"授权范围不含社区或区划 {scope}"),
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


def _covers(post: Post, scope: str | None, system: str | None) -> bool:
    role = roles.find(post.role)
    if role.has_systems:
        return system is not None and system in post.systems
    if role.digits:
        return scope is not None and covers(post.scope, scope)
    return True


def _told(able: Sequence[Role], fits: bool, scope: str | None, system: str | None) -> tuple[str, str]:
    """Return what is missing and the cure."""
    if fits:
        place = "、".join(filter(None, (f"区划 {scope}" if scope else "", f"系统 {system}" if system else "")))
        return f"岗位管不到{place or '这里'}", "请管这里的同事来做，或请安全管理员调整岗位"
    return "没有做这件事的岗位", f"能做的岗位：{'、'.join(each.title for each in able)}；请安全管理员任命"
