"""Files an office sends: all it keeps, under the day's name; late, twice or again as the calendar has it."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import offices
from jiceng_pipeline.simulation.calendar import mishap
from jiceng_pipeline.simulation.store import Place, Store, whole


def deliver(settings: Settings, store: Store, day: int, today: date, where: Place, heading: Mapping[str, str]) -> None:
    """Write the office's files of a day, if they come."""
    if mishap(store.SYSTEM, "late", day):
        return
    store.write(_tables(settings, store, heading), today, where)
    if mishap(store.SYSTEM, "twice", day):
        for path in sorted(where.folder.glob(f"*{today:%Y%m%d}*")):
            _copy(path, path.with_name(f"{path.stem}_1{path.suffix}"))
    if found := mishap(store.SYSTEM, "again", day):
        old = today - timedelta(days=day - found.of)
        for path in sorted(where.folder.glob(f"*{old:%Y%m%d}*")):
            _copy(path, path.with_name(f"{path.stem}_重发{path.suffix}"))


def _tables(settings: Settings, store: Store, heading: Mapping[str, str]) -> Iterator[Any]:
    arranged = getattr(store, "arranged", None)
    for rows in offices.told(settings, store.SYSTEM):
        metadata = rows.schema.metadata
        rows = arranged(rows) if arranged else rows
        rows = rows.rename_columns([heading.get(name, name) for name in rows.column_names])
        yield rows.replace_schema_metadata(metadata)


def _copy(path: Any, target: Any) -> None:
    with whole(target) as draft:
        shutil.copyfile(path, draft)
