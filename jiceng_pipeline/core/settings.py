"""Where things are: what running makes lies under `JICENG_HOME`, what ships is found without it."""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from jiceng_pipeline.core.errors import IntegrityError, StorageFailure, UsageError

PACKAGE = Path(__file__).resolve().parents[1]
_SECRET = re.compile("[0-9a-f]{64}")
_SIZE = re.compile(  # as DuckDB reads it; -1 is as much as there is
    r"-1|(?=.*[1-9])\d{1,9}(\.\d+)? ?([kmgt](i?b)?|(kilo|mega|giga|tera)bytes?)", re.IGNORECASE
)
_MOST = 1_000_000_000


# What running makes, under `home`.
_PLACES = {
    "landing": "landing",
    "models": "models",
    "builds": "builds",
    "cache": "cache",
    "departments": "departments",
    "services": "services",
    "published": "published",
    "ledger": "ledger.sqlite",
    "inbox": "inbox",
    "dagster": "dagster",
    "simulated": "simulated",
    "connections": "connections.yaml",
    "exchange": "exchange",
    "subscribers": "subscribers.yaml",
    "lock": "sync.lock",
}


def _shipped(checkout: str, bundled: str) -> Path:
    """Return the folder in the checkout, else the copy inside the installed wheel."""
    in_checkout = PACKAGE.parent / checkout
    return in_checkout if in_checkout.is_dir() else PACKAGE / "bundled" / bundled


def language() -> str:
    """Return the reader's language, `zh` or `en`."""
    told = os.environ.get("JICENG_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "zh"
    return "en" if told.lower().startswith("en") else "zh"


def _whole(name: str, otherwise: int, least: int = 0) -> int:
    told = os.environ.get(name) or str(otherwise)
    if not (told.isascii() and told.isdigit() and least <= int(told) <= _MOST):
        raise UsageError(f"{name} 不是 {least} 到 {_MOST} 的整数", where="环境变量", cure=f"例如 {otherwise}，或不设")
    return int(told)


def _memory(name: str, otherwise: str) -> str:
    told = os.environ.get(name) or otherwise
    if not _SIZE.fullmatch(told):
        raise UsageError(f"{name} 不是内存大小", where="环境变量", cure=f"例如 {otherwise}，或不设")
    return told


@dataclass(frozen=True)
class Settings:
    """One instance of the pipeline. `business_date` is set only to replay another day.

    `niceness` is by how much a sync stands back for people who read meanwhile, 0 (not at all) to 19. Of
    `kept_records` or more of a kind, matching keeps for the next sync what it found; fewer are matched anew sooner.
    `let_in` are the systems whose next delivery may be far smaller than the last, or unlike it.
    """

    home: Path
    business_date: date | None = None
    locale: str = "zh"
    memory_limit: str = "4GB"
    threads: int = 2
    niceness: int = 0
    kept_records: int = 50_000
    let_in: frozenset[str] = frozenset()

    @classmethod
    def load(cls, home: Path | None = None) -> "Settings":
        """Read the environment, the only place that does."""
        env = os.environ
        day = env.get("JICENG_BUSINESS_DATE")
        try:
            business_date = date.fromisoformat(day) if day else None
        except ValueError:
            raise UsageError("JICENG_BUSINESS_DATE 不是日期", where="环境变量", cure="写成 2026-11-24 这样") from None
        return cls(
            home=(home or Path(env.get("JICENG_HOME") or "data")).absolute(),
            business_date=business_date,
            locale=language(),
            memory_limit=_memory("JICENG_MEMORY", "4GB"),
            threads=_whole("JICENG_THREADS", 2, least=1),
            niceness=_whole("JICENG_NICE", 10),
            kept_records=_whole("JICENG_KEPT_RECORDS", 50_000),
            let_in=frozenset(env.get("JICENG_LET_IN", "").replace(",", " ").split()),
        )

    @property
    def reference(self) -> Path:
        """Committed reference data: divisions, name shares, pinyin."""
        return _shipped("data/reference", "reference")

    @property
    def sql_models(self) -> Path:
        """The hand-written SQL models, `<schema>/<table>.sql`."""
        return _shipped("dbt_like_sql", "dbt_like_sql")

    def __getattr__(self, name: str) -> Path:
        """Return a place under `home`: settings.landing, .builds, .published, .ledger, ..."""
        if name in _PLACES:
            return self.home / _PLACES[name]
        raise AttributeError(name)

    @property
    def has_landed(self) -> bool:
        """Whether any system's data was ever landed."""
        return any(self.landing.glob("*/*/2*/rows.parquet"))

    @cached_property
    def secret(self) -> str:
        """Return the instance's secret (64 hex digits), made on first use, readable by its owner only.

        Raise IntegrityError where it is damaged, or lost though records are named by it: another would rename them all.
        """
        path = self.home / "secret.key"
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                if self.has_landed:
                    raise IntegrityError(
                        "实例密钥不见了，已有的记录都用它编号", where=str(path), cure="从备份恢复 secret.key"
                    )
                # written beside and linked, so that two first uses agree and a crash leaves no half key
                draft = self.home / f".secret.{secrets.token_hex(8)}"
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                    out.write(secrets.token_hex(32))
                    out.flush()
                    os.fsync(out.fileno())
                try:
                    os.link(draft, path)
                except FileExistsError:
                    pass
                finally:
                    draft.unlink()
            found = path.read_text("utf-8", errors="replace").strip()
        except OSError as error:
            raise StorageFailure(
                f"不能读写实例密钥（{error.strerror}）", where=str(path), cure="检查文件夹权限和磁盘空间"
            ) from None
        if not _SECRET.fullmatch(found):
            raise IntegrityError(
                "实例密钥损坏（应为 64 位十六进制）",
                where=str(path),
                cure="从备份恢复 secret.key；从未同步过的，删去它即可",
            )
        return found
