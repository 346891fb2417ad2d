"""Where subscribers' deliveries go: `subscribers.yaml` in the instance's home, written by its operator.

    welfare_office:  {way: folder, folder: /srv/exchange/welfare}
    street_office:   {way: webhook, url: "https://…", key: a secret both sides know}

A way is a module of `delivery_ways/`. Addresses and keys stay here: no event or message quotes them.
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


class _Targets(RootModel[dict[str, dict[str, str]]]):
    model_config = ConfigDict(coerce_numbers_to_str=True, hide_input_in_errors=True)


def every(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return name → address, none where there is no file; raise DefinitionError where it is no good."""
    if not settings.subscribers.exists():
        return {}
    return documents.read(settings.subscribers, _Targets).root


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


def ways() -> tuple[str, ...]:
    """Return the ways there are, found by scanning `delivery_ways/`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(delivery_ways.__path__)))


def way(name: str) -> Any:
    """Return the module of a way; raise UsageError where there is none."""
    if name not in ways():
        raise UsageError("不能这样送", where=f"way: {name}", cure=f"可用：{'、'.join(ways())}")
    return importlib.import_module(f"{delivery_ways.__name__}.{name}")
