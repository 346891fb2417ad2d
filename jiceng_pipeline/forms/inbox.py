"""The folder that filled workbooks are put into: each is read once, put away, and a receipt lies beside it."""

from pathlib import Path

from jiceng_pipeline.core import clock, files
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import readback
from jiceng_pipeline.forms.report import FATES, Report

READ, REFUSED = "read", "refused"
_LONGEST = 180  # bytes; a file system has room for 255, and a Chinese sign takes three
# what is sent instead of a workbook: it is refused, and told how to come back, where it would lie there for ever
_INSTEAD = {
    ".et", ".ett", ".ods", ".csv", ".wps", ".doc", ".docx", ".pdf", ".jpg", ".jpeg", ".png", ".zip", ".rar", ".7z",
}  # fmt: skip
Told = tuple[Path, Report | UsageError]


def waiting(place: Path, settled_seconds: float = 0) -> list[Path]:
    """Return what was handed in and lies in a folder, last changed so long ago: what is younger may be half there."""
    if not place.is_dir():
        return []
    now = clock.now().timestamp()
    return [
        path
        for path in sorted(place.iterdir())
        if path.is_file()
        and ((kind := path.suffix.lower()).startswith(".xls") or kind in _INSTEAD)
        and not path.name.startswith((".", "~"))
        and now - path.stat().st_mtime >= settled_seconds
    ]


def read_all(settings: Settings, actor: str, inbox: Path | None = None, settled_seconds: float = 0) -> list[Told]:
    """Read every file that waits in the inbox; each then lies in `read/` or `refused/`, with what was said of it.

    A file that was read before is read again and changes nothing.
    """
    place = inbox or settings.inbox
    found: list[Told] = []
    for path in waiting(place, settled_seconds):
        told: Report | UsageError
        try:
            told = readback.read(settings, actor, path)
        except UsageError as error:
            told = error
        folder = place / (REFUSED if isinstance(told, UsageError) else READ)
        folder.mkdir(exist_ok=True)
        target = folder / f"{clock.stamp()}-{_short(path.stem)}{path.suffix}"
        files.write_text(target.with_name(f"{target.name}.回执.txt"), _receipt(path, told))
        path.rename(target)
        found.append((path, told))
    return found


def _short(name: str) -> str:
    """Return as much of a file's name as leaves room for the time before it and the receipt's ending behind."""
    return name.encode()[:_LONGEST].decode(errors="ignore")


def _receipt(path: Path, told: Report | UsageError) -> str:
    """Return the words for whoever put the file there."""
    if isinstance(told, UsageError):
        lines = [f"文件：{path.name}", "结果：没有收", f"原因：{told.what}", f"怎么办：{told.cure}"]
    else:
        counts = "，".join(f"{words} {told.counts[fate]}" for fate, words in FATES.items() if told.counts[fate])
        lines = [
            f"文件：{path.name}", f"表：{told.title}", f"社区：{told.community}", f"回执号：{told.receipt}",
            f"结果：{counts}" + ("（与以前交过的文件相同）" if told.is_repeat else ""), *told.lines,
        ]  # fmt: skip
    return "\n".join(lines) + "\n"
