"""The front door for people: `jiceng`, one file a command."""

from jiceng_pipeline.cli.app import main

__all__ = ["main"]
