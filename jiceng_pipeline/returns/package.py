"""A package (回流数据包): one division's rows of one returned dataset as a file, cut on demand."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError, JicengError, NothingPublished, StorageFailure, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import Ledger, open_ledger
from jiceng_pipeline.returns import changes, communities, datasets, formats, masks
from jiceng_pipeline.returns.access import Access, authorise, failed, served
from jiceng_pipeline.returns.cut import Cut
from jiceng_pipeline.returns.datasets import Dataset
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.publish import Version

_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')


@dataclass(frozen=True)
class Package:
    """A file that was handed out. `community` is the code of the division, `receipt` names the audit event."""

    path: Path
    rows: int
    dataset: str
    community: str
    version: str
    receipt: str


def cut(
    settings: Settings,
    *,
    actor: str,
    community: str,
    dataset: str | Dataset,
    format: str = "xlsx",
    profile: str = "check",
    purpose: str | None = None,
    folder: Path | None = None,
    channel: Channel = "download",
    only_changes: bool = False,
) -> Package:
    """Write the rows of the version being served to `folder`, by default `returned/<code>/` in the home.

    `dataset` is the name of a returned one, or another room's own. `community` may also be a township, county or
    city: all its communities in one file. `only_changes` leaves out the rows that the version before had just so.
    Raise UsageError for a place, dataset, format or profile there is not, NothingPublished before the first
    version, AccessDenied where no grant covers it. Nothing is read before the audit is written, and no file is
    left where it cannot be written how many rows were handed out.
    """
    writer = _writer(format)
    wanted = dataset if isinstance(dataset, Dataset) else datasets.find(settings, dataset)
    place = communities.find(settings, community)
    masks.of_rows(profile)
    if only_changes:
        changes.key(wanted.name)
    version = publish.current(settings)
    if version is None:
        raise NothingPublished("还没有可以回流的版本", where=str(settings.published), cure="先运行 jiceng sync")
    titles = {each.name: each.title for each in datasets.datasets(settings).values()}
    with open_ledger(settings) as ledger:
        access = authorise(
            ledger, actor, wanted, place.code, profile, purpose,
            version=version.name, as_of=version.manifest.get("inputs", {}).get("business_date"), channel=channel,
        )  # fmt: skip
        with _told(ledger, access), _opened(version, settings) as connection:
            content = Cut(connection, wanted, place, access, version, titles, only_changes)
            target = (folder or settings.home / "returned" / place.code) / file_name(content, format)
            with _whole(target) as draft:
                rows: int = writer.write(content, draft)
                served(ledger, access, rows)
    return Package(target, rows, wanted.name, place.code, version.name, access.receipt)


def file_name(content: Cut, format: str) -> str:
    """Return `<社区>_<数据集>_<日期>_v<版本>.<format>`; an unmasked file says so in its name."""
    full = "_完整信息" if content.access.profile == "full" else ""
    title = content.dataset.title + ("_只有变化" if content.only_changes else "")
    parts = (content.place.name, title, content.as_of, f"v{content.version.short_name}{full}")
    return "_".join(_UNSAFE.sub("_", part) for part in parts) + f".{format}"


def kinds() -> tuple[str, ...]:
    """Return the formats there are, found by scanning `formats/`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(formats.__path__)))


def _writer(format: str) -> Any:
    if format not in kinds():
        raise UsageError("不能做成这种文件", where=f"格式 {format}", cure=f"可用：{'、'.join(kinds())}")
    return importlib.import_module(f"{formats.__name__}.{format}")


@contextmanager
def _opened(version: Version, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published version; what DuckDB says of a damaged one may quote values, so it goes no further."""
    try:
        with connect(version.database, settings=settings, read_only=True) as connection:
            yield connection
    except duckdb.CatalogException:  # the program knows a dataset that the version was made without
        raise UsageError(
            "当前版本里还没有这份数据", where=version.name, cure="等下一次同步，或运行 jiceng sync"
        ) from None
    except duckdb.Error as error:
        raise IntegrityError(
            f"当前版本的数据库读不出来（{type(error).__name__}）",
            where=str(version.folder),
            cure="运行 jiceng sync 重新发布，或从备份恢复",
        ) from None


@contextmanager
def _told(ledger: Ledger, access: Access) -> Iterator[None]:
    """Write down that nothing was handed out where the block fails."""
    try:
        yield
    except BaseException:
        with suppress(JicengError):  # what failed first is what the caller has to hear of
            failed(ledger, access)
        raise


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Yield a draft, readable by its owner only, that becomes `target` when the block ends well."""
    with files.storage(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except (FileExistsError, NotADirectoryError):
            raise StorageFailure("不是文件夹", where=str(target.parent), cure="换一个文件夹") from None
    with files.new_file(target) as draft:
        yield draft
