"""Forms that come back in every state: how many files were spoiled, and how many cells were lost in them.

    python -m benchmarks.forms_fuzz HOME [FILES]

adds `fuzzed_files`, `fuzzed_refused`, `lost_cells` and `hostile` to benchmarks/results/forms.json. HOME is synced,
nothing in it is changed but the list of admitted forms and the audit.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from benchmarks import result
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import admission, definition, hostile, prefill
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.forms.fuzzing import SPOILINGS, outcome, spoil
from jiceng_pipeline_tests.forms.test_hostile import HOSTILE

FORM = "elderly_living_alone_visit"


def main(home: Path, files: int) -> dict[str, Any]:
    """Spoil so many files, read each back, and return the figures."""
    own = Settings(home=home)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = _handed_out(own, place)
        told: Counter[str] = Counter()

        @settings(
            max_examples=files, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(operations=SPOILINGS)
        def spoiled(operations: list[tuple[Any, ...]]) -> None:
            path = place / "spoiled.xlsx"
            spoil(source, path, operations)
            answer, lost = outcome(own, path)
            told["files"] += 1
            told["refused"] += isinstance(answer, UsageError)
            told["lost"] += len(lost)

        spoiled()
        slowest = max(_refused(place / name.replace(" ", "_"), make) for name, make in HOSTILE.items())
    return {
        "fuzzed_files": told["files"],
        "fuzzed_refused": told["refused"],
        "lost_cells": told["lost"],
        "hostile_files": len(HOSTILE),
        "hostile_slowest_seconds": round(slowest, 2),
    }


def _handed_out(own: Settings, folder: Path) -> Path:
    form = definition.find(FORM)
    if next(each for each in admission.listed(own) if each.form.id == FORM).state != "admitted":
        admission.admit(own, form, "operator")
    version = publish.current(own)
    assert version is not None
    with connect(version.database, settings=own, read_only=True) as connection:
        (found,) = connection.execute(
            """select community_code from governance.tag join governance.resident using (resident_id)
            where tag_code = 'elderly_living_alone' group by all order by count(*) desc, 1 limit 1"""
        ).fetchall()
    return prefill.make(own, actor="operator", form=FORM, community=found[0], folder=folder).path


def _refused(path: Path, make: Any) -> float:
    make(path)
    began = time.monotonic()
    try:
        hostile.sheets(path)
    except UsageError:
        return time.monotonic() - began
    raise AssertionError(f"{path.name} was not refused")


if __name__ == "__main__":
    found = main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 320)
    result.write("forms", {**result.known("forms"), **found})
