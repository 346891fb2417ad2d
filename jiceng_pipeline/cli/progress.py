"""How a long command shows that it works: a bar in a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jiceng_pipeline.cli.words import err, say
from jiceng_pipeline.core.progress import Step, listening

_STAGES = {
    "simulate": ("生成模拟城市", "simulate"),
    "truth": ("写出模拟真相", "write the truth of"),
    "pull": ("拉取", "pull"),
    "standardise": ("标准化", "standardise"),
    "reconcile": ("归并", "reconcile"),
    "govern": ("治理", "govern"),
    "check": ("检查", "check"),
    "return": ("回流", "return"),
    "publish": ("发布", "publish"),
    "forms": ("做好", "made"),
}


def _words(step: Step) -> str:
    stage = say(*_STAGES.get(step.stage, (step.stage, step.stage)))
    rows = "" if step.rows is None else f" {step.rows:,} {say('行', 'rows')}"
    return f"{stage} {step.subject}{rows}"


def _print(told: str) -> None:
    with suppress(OSError):  # a full disk below the words must not end the work that they tell of
        err.print(told, soft_wrap=True)


@contextmanager
def shown(title: str) -> Iterator[None]:
    """Show the steps reported inside the block."""
    if not err.is_terminal:
        _print(title)
        with listening(lambda step: _print("  " + _words(step))):
            yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(title, total=None)

        def listener(step: Step) -> None:
            progress.update(task, description=f"{title}  {_words(step)}")
            # the steps of a sync count upwards; what counts anew inside one of them only changes the words
            if step.total is not None and step.total >= (progress.tasks[task].total or 0):
                progress.update(task, completed=step.done, total=step.total)

        with listening(listener):
            yield
