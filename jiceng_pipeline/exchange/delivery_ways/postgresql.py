"""A table in the subscriber's own PostgreSQL, kept as the receiver would keep it: exactly once, in order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from jiceng_pipeline.core.errors import SourceRejected, SourceUnreachable
from jiceng_pipeline.exchange import receiver, receiver_store
from jiceng_pipeline.exchange.delivery_batch import Batch, Hand, Have
from jiceng_pipeline.exchange.receiver_store import Store

TITLE = "数据库"
NEEDS = ("url",)
ENCODING = "parquet"
_LOST = ("connection", "terminating", "timeout", "could not", "server closed")


@contextmanager
def sending(address: Mapping[str, str]) -> Iterator[Hand]:
    """Take batches over in the subscriber's database, by one connection."""
    with receiver_store.in_postgresql(address["url"], address.get("schema", "public")) as store:
        yield lambda batch: _taken(store, batch)


def _taken(store: Store, batch: Batch) -> Have:
    try:
        return receiver.take(store, batch).have
    except duckdb.Error as error:  # its text may quote values
        if any(word in str(error).lower() for word in _LOST):
            raise SourceUnreachable("对方的数据库中断了", where="PostgreSQL", cure="下次交付时再送") from None
        raise SourceRejected(
            f"对方的数据库不接受（{type(error).__name__}）", where="PostgreSQL", cure="检查表的权限和约束"
        ) from None


def have(subscription_id: str, address: Mapping[str, str]) -> Have | None:
    """Return what the subscriber's database has."""
    with receiver_store.in_postgresql(address["url"], address.get("schema", "public")) as store:
        return store.have(subscription_id)
