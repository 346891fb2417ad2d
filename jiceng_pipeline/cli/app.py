"""The command `jiceng`: options common to all, exit codes, and errors as people should see them."""

import errno
import importlib
import io
import os
import pkgutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.text import Text
from typer._click.exceptions import ClickException
from typer.exceptions import Abort, Exit

from jiceng_pipeline import cli
from jiceng_pipeline.cli import words
from jiceng_pipeline.cli.words import err, say
from jiceng_pipeline.core import garbage
from jiceng_pipeline.core.errors import IntegrityError, JicengError, StorageFailure
from jiceng_pipeline.core.redaction import redacted

INTERRUPTED = 130
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
# what was named on the command line is no place to read from or write to
_NO_PLACE = {
    errno.ENOENT: ("没有这个文件或文件夹", "no such file or folder"),
    errno.ENOTDIR: ("路上有一段不是文件夹", "a part of the path is no folder"),
    errno.EEXIST: ("这里已有同名的文件", "a file of this name is there already"),
    errno.EISDIR: ("这是文件夹，不是文件", "this is a folder, not a file"),
    errno.ENAMETOOLONG: ("名字太长", "the name is too long"),
}
_shows_tracebacks = False

app = typer.Typer(
    name="jiceng",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=say(
        "基层数据管道：部门系统进，归并后的数据回到村和社区。",
        "Department systems in, reconciled data back to every village and neighbourhood.",
    ),
)


@app.callback()
def common(
    home: Annotated[
        Path | None,
        typer.Option(envvar="JICENG_HOME", help=say("运行数据放在哪里（默认 ./data）", "where running data lies")),
    ] = None,
    debug: Annotated[bool, typer.Option(help=say("出错时显示调用栈", "show tracebacks"))] = False,
) -> None:
    """Set what every command reads."""
    if home is not None:
        os.environ["JICENG_HOME"] = str(home)
    global _shows_tracebacks
    _shows_tracebacks = debug
    # nothing leaves this machine
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


def _register() -> None:
    """Add every command there is: a module of this folder with `register(app)`, or a group as its `app`."""
    for name in sorted(module.name for module in pkgutil.iter_modules(cli.__path__)):
        if name not in {"app", "__main__"}:
            module = importlib.import_module(f"{cli.__name__}.{name}")
            if hasattr(module, "register"):
                module.register(app)
            elif hasattr(module, "app"):
                app.add_typer(module.app, name=name)


_register()


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code; the README has the table of codes."""
    signal.signal(signal.SIGTERM, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal in GBK has no ✓, nor many a rare character of a name
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with garbage.seldom():
            result: Any = app(arguments, standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, Abort):
        err.print(say("已中断；上一版本仍在使用。", "Interrupted; the last version is still served."))
        sys.exit(INTERRUPTED)
    except ClickException as wrong:
        from typer.rich_utils import rich_format_error  # 0.2 s that only a wrong command needs

        rich_format_error(wrong)
        sys.exit(wrong.exit_code)
    except JicengError as error:
        words.error(error.what, error.where, error.cure)
        sys.exit(error.exit_code)
    except OSError as error:
        if _shows_tracebacks:
            raise
        where = redacted(error.filename2 or error.filename or "")
        if error.errno in _NO_PLACE:
            words.error(
                say(*_NO_PLACE[error.errno]), where, say("换一个文件或文件夹再试", "choose another file or folder")
            )
        else:
            words.error(redacted(os.strerror(error.errno or 0)), where)
        sys.exit(StorageFailure.exit_code if error.errno in {*_DISK, *_NO_PLACE} else 1)
    except Exception as error:
        if _shows_tracebacks:
            raise
        if known := _of_storage(error):
            words.error(known.what, known.where, known.cure)
            sys.exit(known.exit_code)
        unexpected = Text(say("没有料到的错误", "Unexpected error"), "red")
        err.print(unexpected, f"{type(error).__name__}: {redacted(error)}")
        err.print(say("加 --debug 再运行一次，可以看到调用栈。", "Run again with --debug to see where."))
        sys.exit(1)


def _of_storage(error: Exception) -> JicengError | None:
    """Return what a database's error tells of a damaged file or a full disk, None where it tells of neither."""
    from jiceng_pipeline.defs.failure import clean  # Dagster takes a second that only a failure needs

    known = clean(error, "")
    return known if isinstance(known, IntegrityError | StorageFailure) else None


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
