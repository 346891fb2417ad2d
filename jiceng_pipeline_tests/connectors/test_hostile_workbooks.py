import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import xlsxwriter

from jiceng_pipeline.core.errors import SourceRejected
from jiceng_pipeline_tests.connectors.reading import extract, taken

OPTIONS = {"file": "book.xlsx", "header_contains": ["a"]}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "book.xlsx"


def write(path, rows=3):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("s")
        for row in range(rows):
            sheet.write_row(row, 0, ["1", "2"] if row else ["a", "b"])


def read(path):
    return taken("excel", ["a", "b"], OPTIONS, {"folder": str(path.parent)})[0]


def repack(path, name, content):
    """Replace one part of the workbook."""
    with zipfile.ZipFile(path) as old:
        parts = {part: old.read(part) for part in old.namelist()}
    parts[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part, data in parts.items():
            new.writestr(part, data)


def readers(path):
    """Return the commands of running processes that name the file."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(command.read_text(errors="replace"))
    return [command for command in found if str(path) in command]


def test_the_workbook_before_anything_is_done_to_it(path):
    write(path)
    assert len(read(path)) == 2


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_cut_short(path, share):
    write(path, 500)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SourceRejected, match="不是完整的 Excel"):
        read(path)


@pytest.mark.parametrize(
    "content", [b"", b"<html>error</html>", b"PK\x05\x06" + bytes(18), b"\xd0\xcf\x11\xe0" + bytes(4000)]
)
def test_something_else(path, content):
    path.write_bytes(content)
    with pytest.raises(SourceRejected) as caught:
        read(path)
    assert caught.value.where == "book.xlsx"


def test_a_flipped_bit(path):
    write(path, 500)
    with zipfile.ZipFile(path) as book:
        info = book.getinfo("xl/worksheets/sheet1.xml")
    content = bytearray(path.read_bytes())
    content[info.header_offset + 60 + info.compress_size // 2] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(SourceRejected):
        read(path)


def test_a_zip_bomb_is_refused_by_its_directory(path):
    write(path)
    repack(path, "xl/worksheets/sheet1.xml", b"<x>" + b" " * (40 << 20) + b"</x>")
    assert path.stat().st_size < 100_000
    with pytest.raises(SourceRejected, match="异常巨大"):
        extract("excel", ["a", "b"], OPTIONS, {"folder": str(path.parent)})


def test_two_cells_far_apart_cannot_take_the_memory(path):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("s")
        sheet.write_string(0, 0, "a")
        sheet.write_string(1_048_575, 16_383, "b")
    assert path.stat().st_size < 10_000
    with pytest.raises(SourceRejected, match="超过上限"):
        read(path)


@pytest.mark.parametrize("content", ["<!ENTITY x SYSTEM 'file:///etc/hostname'>", "<!ENTITY x 'canary'>"])
def test_entities_are_not_read(path, content):
    write(path)
    sheet = (
        f"<!DOCTYPE worksheet [{content}]><worksheet><sheetData>"
        "<row r='1'><c r='A1' t='inlineStr'><is><t>a</t></is></c><c r='B1' t='inlineStr'><is><t>b</t></is></c></row>"
        "<row r='2'><c r='A2' t='inlineStr'><is><t>1&x;</t></is></c></row></sheetData></worksheet>"
    )
    repack(path, "xl/worksheets/sheet1.xml", sheet.encode())
    try:
        rows = read(path)
    except SourceRejected:
        return
    assert [row[1] for row in rows] in (["1"], ["1&x;"])


def test_the_reading_process_ends_with_the_reading(path):
    write(path, 200_000)
    found = extract("excel", ["a", "b"], OPTIONS, {"folder": str(path.parent)})
    next(found.batches)
    assert readers(path)
    found.close()
    assert not readers(path)
