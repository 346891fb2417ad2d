"""A drop directory of a front-end machine (前置机): plain files side by side, never seen half written.

The rows come first, under their final name by one rename; `<subscription>_<number>.json` comes last and says that
the batch is whole. Whoever reads waits for that file.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import SourceUnreachable
from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch, Hand, Have

TITLE = "前置机文件夹"
NEEDS = ("folder",)
ENCODING = "parquet"


@contextmanager
def sending(address: Mapping[str, str]) -> Iterator[Hand]:
    """Put the two files of each batch into the directory."""
    yield lambda batch: _put(batch, address)


def _put(batch: Batch, address: Mapping[str, str]) -> None:
    folder = Path(address["folder"])
    if not folder.is_dir():
        raise SourceUnreachable(
            "文件夹不存在", where=str(folder), cure="检查前置机的共享文件夹是否挂载，或改正 subscribers.yaml"
        )
    stem = f"{batch.manifest['subscription']}_{delivery_batch.name(batch.number)}"
    rows, manifest = batch.rows, batch.rows.with_name(delivery_batch.MANIFEST)
    try:
        for source, target in ((rows, folder / f"{stem}{rows.suffix}"), (manifest, folder / f"{stem}.json")):
            with files.new_file(target, mode=0o640) as draft:
                shutil.copyfile(source, draft)
    except OSError as error:
        raise SourceUnreachable(
            f"放不进文件夹（{os.strerror(error.errno or 0)}）", where=str(folder), cure="检查共享文件夹和磁盘空间"
        ) from None


def have(subscription_id: str, address: Mapping[str, str]) -> Have | None:  # noqa: ARG001
    """Return nothing: a front-end machine passes files on, it does not answer."""
    return None
