"""订阅 (subscriptions): who wants to be told of which changes; put in the ledger, changed and ended there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_target, party, said_once
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import changes, datasets, grants, masks
from jiceng_pipeline.returns.access import Access, authorise, failed
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.returns.masks import SHOWN
from jiceng_pipeline.standard.register import element

CADENCES = {"every_version": "每个新版本", "daily": "每天", "weekly": "每周", "monthly": "每月"}
STATES = {"active": "在用", "paused": "暂停", "ended": "已结束"}
_WEEK_DAYS = 7
_NAME_LETTERS = 27


def put(settings: Settings, ledger: Ledger, wanted: Subscription, actor: str) -> Event:
    """Put a subscription in force, or change the one of that name.

    Raise AccessDenied where no grant covers it, UsageError for a dataset, element, condition or target
    that it cannot have.
    """
    party.permit_here(ledger, actor, "subscribe", wanted.scope)
    if actor not in {wanted.subscriber, grants.OPERATOR}:
        raise UsageError("只能给自己的账号订阅", where=f"账号 {actor}", cure="请订阅的人自己来，或请系统管理员登记")
    present = views.standing(ledger, Subscription).get(wanted.subscription_id)
    if present and present.body.subscriber != wanted.subscriber:
        raise UsageError("这个订阅编号已有别人在用", where=wanted.subscription_id, cure="另取一个编号")
    dataset = datasets.find(settings, wanted.dataset)
    masks.of_rows(wanted.profile)
    if dataset.name == changes.NAME:
        raise UsageError("变化清单本身就是变化，不能订阅", where=dataset.name, cure="订阅底册，变化会按批送到")
    if unknown := sorted(set(wanted.elements) - set(dataset.columns)) if wanted.elements != "*" else []:
        raise UsageError(
            f"数据集没有数据项 {unknown[0]}", where=dataset.name, cure=f"可用：{'、'.join(dataset.columns)}"
        )
    leave(ledger, wanted, dataset, "subscribe")
    delivery_target.find(settings, wanted.target)
    if present is None or present.body.target != wanted.target:
        delivery_target.permit(settings, wanted.target, actor)
    return ledger.append("subscription", wanted.subject, wanted, actor)


def leave(
    ledger: Ledger, wanted: Subscription, dataset: Dataset, action: str,
    version: str | None = None, channel: Channel | None = None,
) -> Access:  # fmt: skip
    """Return leave to read what a subscription asks for; raise AccessDenied where no grant covers it now."""
    tested = tuple(condition.element for condition in wanted.conditions)
    access = authorise(
        ledger, wanted.subscriber, replace(dataset, inputs=tested), wanted.scope, wanted.profile, wanted.purpose,
        action=action, version=version, channel=channel, elements=() if wanted.elements == "*" else wanted.elements,
    )  # fmt: skip
    for name in tested:
        # which rows pass tells the value, so it has to be one that the subscriber is shown
        if access.maskings.get(name) is not SHOWN:
            failed(ledger, access)
            raise AccessDenied(
                f"条件只能用看得到原值的数据项，{name}（{element(name).title}）不是",
                where=wanted.subscription_id,
                cure="改用别的条件",
            )
    return access


def named(ledger: Ledger, wanted: Subscription) -> Subscription:
    """Return what is wanted under a name of its own: the dataset's, and what tells it from others.

    That is the name of one which says just the same, so that a button pressed twice makes one subscription.
    """
    told = wanted.model_dump(mode="json", exclude={"subscription_id"})

    def is_other(event: Event) -> bool:  # changed or ended since
        return views.typed(event, Subscription).body.model_dump(mode="json", exclude={"subscription_id"}) != told

    name = said_once.name(ledger, "subscription", told, is_other, begins=f"{wanted.dataset[:_NAME_LETTERS]}_")
    return wanted.model_copy(update={"subscription_id": name})


def every(ledger: Ledger) -> Mapping[str, Subscription]:
    """Return name → subscription as it stands, ended ones too, by name."""
    return {name: entry.body for name, entry in sorted(views.standing(ledger, Subscription).items())}


def find(ledger: Ledger, name: str) -> Subscription:
    """Return one subscription; raise UsageError where there is none of that name."""
    known = every(ledger)
    if name not in known:
        raise UsageError("没有这个订阅", where=name, cure=f"可用：{'、'.join(known) or '还没有'}")
    return known[name]


def turn(ledger: Ledger, name: str, state: str, actor: str) -> Event:
    """Pause, take up again or end a subscription."""
    changed = Subscription.model_validate({**find(ledger, name).model_dump(), "state": state})
    party.permit_here(ledger, actor, "subscribe", changed.scope)
    return ledger.append("subscription", name, changed, actor)


def is_due(wanted: Subscription, last: datetime | None, now: datetime) -> bool:
    """Say whether its rhythm asks for a delivery now, the last having been made at `last`."""
    if last is None or wanted.cadence == "every_version":
        return True
    then, today = last.astimezone(LOCAL).date(), now.astimezone(LOCAL).date()
    if wanted.cadence == "daily":
        return then < today
    if wanted.cadence == "weekly":
        return (today - then).days >= _WEEK_DAYS
    return (then.year, then.month) < (today.year, today.month)
