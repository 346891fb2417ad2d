"""Where subscribers' deliveries go: `subscribers.yaml` in the instance's home, written by its operator.

    welfare_office:  {way: folder, folder: /srv/exchange/welfare}
    street_office:   {way: webhook, url: "https://…", key: a secret both sides know}

    civil_affairs:   {way: postgresql, url: …, title: 民政局数据库, for: "welfare, welfare_lead"}

A way is a module of `delivery_ways/`. Addresses and keys stay here: no event or message quotes them. Who holds a place
sees what comes there, so an account may have its own subscriptions delivered only to places that are `for` it; to any
other the operator points.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, RootModel

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_ways
from jiceng_pipeline.returns import grants


class _Targets(RootModel[dict[str, dict[str, str]]]):
    model_config = ConfigDict(hide_input_in_errors=True)


def every(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return name → address, none where there is no file; raise DefinitionError where it is no good."""
    if not settings.subscribers.exists():
        return {}
    return documents.read(settings.subscribers, _Targets, as_text=True).root


def find(settings: Settings, name: str) -> Mapping[str, str]:
    """Return one address; raise UsageError where the file lacks it, its way, or what the way needs."""
    known = every(settings)
    if name not in known:
        raise UsageError(
            "没有登记送到哪里",
            where=f"{settings.subscribers} 的 {name}",
            cure="写上 way 和地址，样例见 docs/exchange.md",
        )
    address = known[name]
    if lacking := [each for each in way(address.get("way", "")).NEEDS if not address.get(each)]:
        raise UsageError(f"缺少 {'、'.join(lacking)}", where=f"{settings.subscribers} 的 {name}", cure="补上")
    return address


def title(settings: Settings, name: str) -> str:
    """Return what people call a place: its title, else its name, and how things get there."""
    address = every(settings).get(name, {})
    is_way = address.get("way", "") in ways()
    return f"{address.get('title', name)}（{way(address['way']).TITLE}）" if is_way else name


def offered(settings: Settings, account: str) -> tuple[str, ...]:
    """Return the places an account may have its own subscriptions delivered to."""
    return tuple(
        name
        for name, address in every(settings).items()
        if account in {each.strip() for each in address.get("for", "").replace("，", ",").split(",")}
    )


def permit(settings: Settings, name: str, actor: str) -> None:
    """Raise UsageError where an account points at a place that is not for it."""
    if actor != grants.OPERATOR and name not in offered(settings, actor):
        raise UsageError("这个地方不是给您的账号收数据的", where=name, cure="请系统管理员登记送到哪里、给谁用")


def ways() -> tuple[str, ...]:
    """Return the ways there are, found by scanning `delivery_ways/`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(delivery_ways.__path__)))


def way(name: str) -> Any:
    """Return the module of a way; raise UsageError where there is none."""
    if name not in ways():
        raise UsageError("不能这样送", where=f"way: {name}", cure=f"可用：{'、'.join(ways())}")
    return importlib.import_module(f"{delivery_ways.__name__}.{name}")
