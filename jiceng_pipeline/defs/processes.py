"""Which process runs what, as a tag of the run."""

import os

import dagster as dg

from jiceng_pipeline.core.processes import Process

TAG = "jiceng/process"


def me() -> str:
    """Return the identity of this process: its number, and when it was born."""
    process = Process.of(os.getpid())
    return f"{process.pid}:{process.born}"


def sign(instance: dg.DagsterInstance, run_id: str) -> None:
    """Note on a run that this process runs it: one that does not say so is soon taken for dead."""
    instance.add_run_tags(run_id, {TAG: me()})


def is_alive(identity: str) -> bool:
    """Say whether the process of that identity still runs; a number used again is another process."""
    number, _, born = identity.partition(":")
    return Process.read({"pid": number, "born": born}).is_alive
