"""Making (做批): the batches of a step, one after the other, while those before are already on their way.

What they are made of is settled before the first is: `plan.parquet` in the step says which rows, `step.json` how they
are shown, and the version is held. So what a crash or a full disk left to be made is made at the next delivery, and
says the same; a batch that is there is never made again.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition, Event
from typing import Any

import duckdb

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import delivery_batch, delivery_step
from jiceng_pipeline.exchange.delivery_step import Step
from jiceng_pipeline.exchange.delta_view import NOW, View
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier

Waiting = Callable[[int], None]  # returns when the batch of that number is there


def finish(
    settings: Settings,
    view: View,
    step: Step,
    *,
    note: Callable[[int], None] = lambda _: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Make the batches of a step that are not there yet; tell `note` the number of each that is."""
    version = publish.find(settings, step.told["version"])
    with connect(settings=settings, attach={NOW: version.database}) as connection:
        connection.execute(f"use {NOW}")  # some masks look at other tables of the version
        cells = view.select(step.columns, connection)
        operations = _operations(connection, step)
        hash = step.told["after"]
        for number in range(step.first, step.last + 1):
            if is_stopped():
                return
            place = step.folder / delivery_batch.name(number)
            if place.is_dir():
                hash = delivery_batch.read(place).hash
            else:
                part = number - step.first + 1
                counts = operations.get(part, {})
                manifest = {
                    **step.told["facts"], "number": number, "part": part, "parts": step.last - step.first + 1,
                    "rows": sum(counts.values()), "operations": counts, "created": clock.now().isoformat(),
                    "previous_hash": hash,
                }  # fmt: skip
                encoding = step.told["encoding"]
                select = _rows(view, cells, step, part, as_text=encoding == "ndjson")
                hash = delivery_batch.write(connection, place, encoding, select, manifest).hash
            note(number)
    delivery_step.complete(step, hash)


@contextmanager
def making(settings: Settings, view: View, step: Step) -> Iterator[Waiting]:
    """Make the batches of a step beside what is done in the block, and have them all there when it ends.

    What is yielded waits for the batch of a number, and raises what kept it from being made.
    """
    made, there, stop = step.first - 1, Condition(), Event()

    def note(number: int) -> None:
        nonlocal made
        with there:
            made = number
            there.notify_all()

    def woken(_: Future[None]) -> None:
        with there:
            there.notify_all()

    def wait(number: int) -> None:
        with there:
            there.wait_for(lambda: made >= number or future.done())
        if made < number:
            future.result()

    with ThreadPoolExecutor(1) as worker:
        future = worker.submit(finish, settings, view, step, note=note, is_stopped=stop.is_set)
        future.add_done_callback(woken)
        try:
            yield wait
        except (JicengError, duckdb.Error):
            raise
        except BaseException:
            stop.set()  # whoever is interrupted does not wait for the rest
            raise
    future.result()


def _operations(connection: duckdb.DuckDBPyConnection, step: Step) -> Mapping[int, dict[str, int]]:
    """Return part → operation → rows."""
    found: dict[int, dict[str, int]] = {}
    for part, operation, count in connection.execute(
        f"""select 1 + (n - 1) // {step.told["size"]} as part, operation, count(*)
        from {_plan(step)} group by all order by all"""
    ).fetchall():
        found.setdefault(part, {})[operation] = count
    return found


def _rows(view: View, cells: Mapping[str, str], step: Step, part: int, *, as_text: bool) -> str:
    """Return the select of the rows of one batch; of a row to be taken away only its key is told."""
    size: Any = step.told["size"]
    shown = ", ".join(f"{sql} as {identifier(name)}" for name, sql in cells.items())
    told = ", ".join(
        f"cast(t.{identifier(n)} as varchar) as {identifier(n)}" if as_text else f"t.{identifier(n)}" for n in cells
    )
    own, key = (
        f", {view.key} as _own_key" if view.key else "",
        "coalesce(d.row_key, t._own_key)" if view.key else "d.row_key",
    )
    return f"""select d.operation as _operation, d.reason as _reason, {key} as _key, d.other_key as _other_key,
            {told}
        from {_plan(step)} as d
        left join (select rowid as _position, {shown}{own} from {view.table}) as t on t._position = d.position
        where d.n between {(part - 1) * size + 1} and {part * size} order by d.n"""


def _plan(step: Step) -> str:
    return f"read_parquet({literal(str(step.plan))})"
