"""A folder both sides can reach: one folder a batch, put there whole by one rename.

The receiver may say what it has in `received.json` beside the batches; what it lost is then put there again.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import SourceUnreachable
from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch, Hand, Have

TITLE = "共享文件夹"
NEEDS = ("folder",)
ENCODING = "parquet"


@contextmanager
def sending(address: Mapping[str, str]) -> Iterator[Hand]:
    """Put batches into the folder; one that lies there already is replaced."""
    yield lambda batch: _put(batch, address)


def _put(batch: Batch, address: Mapping[str, str]) -> None:
    place = _place(batch.manifest["subscription"], address)
    target = place / delivery_batch.name(batch.number)
    draft = place / f".{target.name}.{secrets.token_hex(4)}"
    try:
        place.mkdir(exist_ok=True)
        shutil.copytree(batch.rows.parent, draft)
        for path in draft.iterdir():
            files.sync(path)
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
        files.sync(place)
    except OSError as error:
        raise SourceUnreachable(
            f"放不进文件夹（{os.strerror(error.errno or 0)}）", where=str(place), cure="检查共享文件夹和磁盘空间"
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def have(subscription_id: str, address: Mapping[str, str]) -> Have | None:
    """Return what the receiver has written down."""
    return delivery_batch.read_have(_place(subscription_id, address))


def _place(subscription_id: str, address: Mapping[str, str]) -> Path:
    folder = Path(address["folder"])
    if not folder.is_dir():
        raise SourceUnreachable(
            "文件夹不存在", where=str(folder), cure="检查共享文件夹是否挂载，或改正 subscribers.yaml"
        )
    return folder / subscription_id
