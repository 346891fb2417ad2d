"""The layers of the graph, from what departments sent to what communities get back."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class Layer:
    """A schema of the warehouse, which is a group of assets; `stage` is what a progress bar calls it."""

    title: str
    stage: str


LAYERS: Mapping[str, Layer] = {
    "landing": Layer("原始快照", "pull"),
    "standard": Layer("标准记录", "standardise"),
    "staging": Layer("归并准备", "reconcile"),
    "matching": Layer("归并", "reconcile"),
    "governance": Layer("治理库", "govern"),
    "returned": Layer("回流", "return"),
    "indicators": Layer("指标", "return"),
    "light_apps": Layer("轻应用", "return"),
    "quality": Layer("质量", "check"),
    "published": Layer("发布", "publish"),
    "exchange": Layer("交换", "publish"),
    "forms": Layer("表单", "publish"),
}

POOL = "warehouse"  # DuckDB has one writer
EXCHANGE, FORMS = "exchange", "forms"
AFTER_SYNC = (EXCHANGE, FORMS)  # what comes after a sync, in runs of its own
OWNER = "team:运营"  # of what we make ourselves; a landed system is its department's
VERSION = dg.AssetKey(["published", "version"])


def layer(schema: str) -> Layer:
    """Return the layer of a schema; a new folder of SQL models needs no entry here."""
    return LAYERS.get(schema, Layer(schema, "govern"))


def key(full_name: str) -> dg.AssetKey:
    """Return the asset key of a table or landed system: `standard.a__b` is [standard, a, b]."""
    schema, _, name = full_name.partition(".")
    return dg.AssetKey([schema, *name.split("__")])


def described(schema: str, title: str, purpose: str) -> str:
    """Return what the graph shows under an asset's name."""
    return f"{title} · {layer(schema).title}\n\n{purpose}"
