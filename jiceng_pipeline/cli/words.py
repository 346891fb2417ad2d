"""What the command line says, in Chinese or English by locale; data on stdout, words on stderr."""

import json
import os
import sys
from typing import Any

from rich import table
from rich.console import Console
from rich.text import Text

from jiceng_pipeline.core.settings import language


class _Words(Console):
    """Words as they stand: what is told often quotes a file's name or a department's heading, brackets and all."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Say nothing more where nobody reads any longer; what the command does goes on."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


class Table(table.Table):
    """A table that cuts nothing off: names and keys in it are what the next command is given."""

    def add_column(self, *arguments: Any, **options: Any) -> None:
        """Add a column whose text goes on in the next line where the terminal is too narrow."""
        super().add_column(*arguments, **{"overflow": "fold", **options})


out = _Words()
err = _Words(stderr=True)


def say(chinese: str, english: str) -> str:
    """Return the words of the reader's language."""
    return english if language() == "en" else chinese


def print_json(value: Any) -> None:
    """Write machine-readable output: one JSON document, nothing else."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def error(what: str, where: str = "", cure: str = "") -> None:
    """Print what went wrong, where, and what to do."""
    err.print(Text(say("出错", "Error"), "red"), what, soft_wrap=True)
    if where:
        err.print(f"  {say('位置', 'where')}  {where}", soft_wrap=True)
    if cure:
        err.print(f"  {say('怎么办', 'cure')}  {cure}", soft_wrap=True)
