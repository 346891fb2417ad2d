"""A database server of the simulation: the account it runs as, its folders, how it is started and waited for.

The account is our own, or where that is root one that may do nothing.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import files
from jiceng_pipeline.core.processes import Process

SERVANT = "nobody"  # PostgreSQL and MariaDB refuse to run as root
PATIENCE = 60.0  # seconds to start, to stop
SOCKET_PREFIX = "jiceng-"


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


def new_socket() -> Path:
    """Make a folder for a server's socket that only its account may enter; the path is short, as sockets want it."""
    owner = account()
    folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir="/tmp" if owner else None))  # noqa: S108 - private
    hand_over(folder, owner)
    return folder


def remove_socket(folder: Path) -> None:
    """Remove what `new_socket` made, and nothing else."""
    if folder.name.startswith(SOCKET_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def new_data(data: Path) -> Path:
    """Make an empty draft of a new server's data folder, in place of what a killed attempt left, and return it."""
    draft = data.with_name(f".{data.name}.draft")
    with files.storage(data):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
    hand_over(draft, account())
    return draft


def start(command: Sequence[str], log: Path, folder: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a server, which writes into `log`, in a session of its own and in `folder`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=folder,
            **running_as(account()),
        )


def answers(process: Process, is_ready: Callable[[], bool], pause: float) -> bool:
    """Wait until the server is ready, asked every `pause` seconds; false if it dies, or is silent for too long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.is_alive:
        if is_ready():
            return True
        time.sleep(pause)
    return False
