"""Parquet: typed values and codes as they are, for programs; what it is stands in the file's metadata."""

from pathlib import Path

import duckdb

from jiceng_pipeline.core.errors import StorageFailure
from jiceng_pipeline.returns.cut import LICENCE, Cut
from jiceng_pipeline.standard.macro import literal


def write(cut: Cut, path: Path) -> int:
    """Write the rows and return how many there are."""
    told = {
        "dataset": cut.dataset.name,
        "title": cut.dataset.title,
        "community_code": cut.place.code,
        "version": cut.version.name,
        "as_of": cut.as_of,
        "profile": cut.access.profile,
        "purpose": cut.access.purpose or "",
        "licence": LICENCE,
        "watermark": cut.watermark,
        "receipt": cut.access.receipt,
    }
    metadata = ", ".join(f"{key}: {literal(value)}" for key, value in told.items())
    try:
        rows: int = cut.connection.execute(
            f"""copy ({cut.values(marked=True)}) to {literal(str(path))}
            (format parquet, compression zstd, use_tmp_file false, kv_metadata {{{metadata}}})"""
        ).fetchall()[0][0]
    except duckdb.IOException:
        raise StorageFailure("文件写不进去", where=str(path.parent), cure="腾出磁盘空间或检查权限后重试") from None
    return rows
