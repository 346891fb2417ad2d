"""Which process runs what, told so that a later process, a number used again or a reboot is not mistaken for it."""

import os
from pathlib import Path

TAG = "jiceng/process"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def me() -> str:
    """Return the identity of this process: boot, number, and when it was started."""
    return _identity(os.getpid())


def is_alive(identity: str) -> bool:
    """Say whether the process of that identity still runs."""
    _, _, rest = identity.partition(":")
    number = rest.partition(":")[0]
    return number.isdigit() and _exists(int(number)) and _identity(int(number)) == identity


def _identity(number: int) -> str:
    return f"{_boot()}:{number}:{_started(number)}"


def _boot() -> str:
    return _BOOT.read_text().strip() if _BOOT.exists() else ""


def _started(number: int) -> str:
    """Return the process's start in ticks since boot; empty where the system does not tell or it is gone."""
    try:
        # the name in brackets may hold spaces and brackets; the fields after it are numbers
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
