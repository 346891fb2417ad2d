"""The front door for Dagster: everything under `defs/`."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Return assets, checks, schedules, sensors and resources; opens nothing, reads of the home its contracts only."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
