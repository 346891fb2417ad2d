"""Processes known for sure: a pid alone may mean another process tomorrow, pid and birth do not."""

import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Process:
    """A process by its pid and the instant it was born."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> "Process":
        """Note down a process that lives now."""
        return cls(pid, _born(pid))

    @classmethod
    def read(cls, noted: Any) -> "Process":
        """Take a process from a file; what is not readable is a process that does not live."""
        try:
            return cls(int(noted["pid"]), str(noted["born"]))
        except (KeyError, TypeError, ValueError):
            return cls(0, "")

    @property
    def is_alive(self) -> bool:
        """Return whether this very process still lives."""
        return self.pid > 0 and self.born != "" and _born(self.pid) == self.born

    def noted(self) -> dict[str, Any]:
        """Return what a file needs to know."""
        return asdict(self)

    def end(self, *signals: signal.Signals, patience: float = 10.0) -> None:
        """Send one signal after the other until the process is gone; each is given `patience` seconds."""
        for each in signals:
            if not self.is_alive:
                return
            os.kill(self.pid, each)
            until = time.monotonic() + patience
            while self.is_alive and time.monotonic() < until:
                time.sleep(0.02)


def _born(pid: int) -> str:
    """Return when a process was born, as the system counts; empty for none and for one that only waits to be buried."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return ""
        state, *rest = stat.rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return "" if state in "ZX" else f"{boot}:{rest[18]}"
    answer = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, born = answer.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else born.strip()


def stand_back(niceness: int, pid: int = 0) -> None:
    """Let a process that has just begun (0: this one) yield to others by that much; never push it ahead of them."""
    os.setpriority(os.PRIO_PROCESS, pid, max(os.getpriority(os.PRIO_PROCESS, pid), niceness))
