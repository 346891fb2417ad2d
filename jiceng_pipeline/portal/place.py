"""Where the portal keeps its own things: `JICENG_HOME/portal/`, open to its owner only."""

import os
import secrets
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings


def folder(settings: Settings) -> Path:
    """Return the folder, made on first use."""
    path = settings.home / "portal"
    with files.storage(path):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def database(settings: Settings) -> Path:
    """Return the file that holds accounts, second factors, lock-outs and sessions, made empty and private."""
    path = folder(settings) / "db.sqlite3"
    with files.storage(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return path


def secret_key(settings: Settings) -> str:
    """Return the key that signs cookies, made on first use, readable by its owner only."""
    path = folder(settings) / "secret.key"
    if not path.exists():
        with files.new_file(path) as draft:
            draft.write_text(secrets.token_urlsafe(64))
    return path.read_text().strip()
