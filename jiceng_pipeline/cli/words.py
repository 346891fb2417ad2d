"""What the command line says, in Chinese or English by locale; data on stdout, words on stderr."""

import json
import sys
from functools import cache
from typing import Any

from rich.console import Console
from rich.markup import escape

from jiceng_pipeline.core.settings import Settings

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@cache
def _language() -> str:
    return Settings.load().locale


def say(chinese: str, english: str) -> str:
    """Return the words of the reader's language."""
    return english if _language() == "en" else chinese


def print_json(value: Any) -> None:
    """Write machine-readable output: one JSON document, nothing else."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def error(what: str, where: str = "", cure: str = "") -> None:
    """Print what went wrong, where, and what to do."""
    err.print(f"[red]{say('出错', 'Error')}[/red] {escape(what)}", soft_wrap=True)
    if where:
        err.print(f"  {say('位置', 'where')}  {escape(where)}", soft_wrap=True)
    if cure:
        err.print(f"  {say('怎么办', 'cure')}  {escape(cure)}", soft_wrap=True)
