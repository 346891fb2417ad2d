"""Which process runs what, as a tag of the run."""

import os

from jiceng_pipeline.core.processes import Process

TAG = "jiceng/process"


def me() -> str:
    """Return the identity of this process: its number, and when it was born."""
    process = Process.of(os.getpid())
    return f"{process.pid}:{process.born}"


def is_alive(identity: str) -> bool:
    """Say whether the process of that identity still runs; a number used again is another process."""
    number, _, born = identity.partition(":")
    return Process.read({"pid": number, "born": born}).is_alive
