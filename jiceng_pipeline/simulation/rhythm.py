"""When an office works, of what it hears, and how long after: the reason its records lag behind the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.simulation.chance import Ints, Lots


@dataclass(frozen=True)
class Rhythm:
    """An office writes on its days; in between it waits, and so does what it has heard.

    `on` is the day of the week (0: Monday), of the month, or of the year. Of each kind of happening it
    `hears` that share, `delay` days later (from, to); of the `slow` ones a share so many days later still.
    `merges` is how many days after communities became one it writes the new name throughout; an office
    without it does so only in what it writes again.
    """

    every: Literal["day", "week", "month", "year"]
    hears: Mapping[str, float]
    delay: tuple[int, int]
    on: int = 0
    slow: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    merges: int | None = None

    def works_on(self, day: date) -> bool:
        """Return whether the office writes on a day."""
        return self.every == "day" or self.on == {
            "week": day.weekday(),
            "month": day.day,
            "year": day.timetuple().tm_yday,
        }.get(self.every)

    def heard(self, events: pa.Table, day: int, seed: int, system: str) -> pa.Table:
        """Return notices of what happened on a day: of whom (subject, serial), and the day the office hears of it."""
        events = events.filter(pc.is_in(events["kind"], pa.array(sorted(self.hears), pa.string())))
        due = np.empty(events.num_rows, np.int64)
        is_heard = np.zeros(events.num_rows, np.bool_)
        lots, kinds = events["lot"].to_numpy(), np.asarray(events["kind"].to_pylist(), object)
        for kind, share in self.hears.items():
            mine = np.flatnonzero(kinds == kind)
            if len(mine):
                due[mine], is_heard[mine] = self._drawn(lots[mine], kind, share, day, seed, system)
        return pa.table(
            {"subject": events["subject"], "serial": events["serial"], "due": pa.array(due.astype(np.int32))}
        ).filter(pa.array(is_heard))

    def _drawn(
        self, lots: Ints, kind: str, share: float, day: int, seed: int, system: str
    ) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        rng, count = Lots(lots, seed, system, "hears", kind, str(day)), len(lots)
        is_heard = rng.random(count) < share
        due = day + rng.integers(self.delay[0], self.delay[1] + 1, count)
        slow, more = self.slow.get(kind, (0.0, 0))
        return due + (rng.random(count) < slow) * more, is_heard
