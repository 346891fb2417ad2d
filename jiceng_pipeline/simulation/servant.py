"""The account a database server runs as: our own, or where that is root one that may do nothing."""

import os
import pwd
import stat
from pathlib import Path
from typing import Any

SERVANT = "nobody"  # PostgreSQL and MariaDB refuse to run as root


def account() -> pwd.struct_passwd | None:
    """Return the account to run as, or none where we are not root."""
    return pwd.getpwnam(SERVANT) if os.geteuid() == 0 else None


def running_as(servant: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments by which `subprocess` runs a program as that account."""
    if servant is None:
        return {}
    return {"user": servant.pw_uid, "group": servant.pw_gid, "extra_groups": []}


def hand_over(path: Path, servant: pwd.struct_passwd | None) -> None:
    """Give a file or folder to the account."""
    if servant:
        os.chown(path, servant.pw_uid, servant.pw_gid)


def let_pass(*places: Path) -> None:
    """Let the account go through (not look into) the folders above.

    Somebody else may close a folder again meanwhile (pytest does with its own), so try more than once.
    """
    for folder in {parent for place in places for parent in place.resolve().parents}:
        let(folder, stat.S_IXOTH)


def let(path: Path, bits: int) -> None:
    """Add permissions to a path that lacks them."""
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)
