"""Files that were not made by somebody filling a form: refused with a way out, quickly and within little memory."""

import io
import resource
import subprocess
import sys
import zipfile

import pytest
import xlsxwriter

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import hostile

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def plain(path, rows=3):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("s")
        for row in range(rows):
            sheet.write_row(row, 0, ["a", "b"])
    return path


def repacked(path, **parts):
    """Add or replace parts; `__` stands for a slash and `_x` for .xml in their names."""
    with zipfile.ZipFile(path) as old:
        held = {name: old.read(name) for name in old.namelist()}
    held |= {name.replace("__", "/").replace("_x", ".xml"): content for name, content in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in held.items():
            new.writestr(name, content)
    return path


def bomb(path):
    return repacked(plain(path), xl__worksheets__sheet1_x=b"<x>" + b" " * (40 << 20) + b"</x>")


def many_parts(path):
    return repacked(plain(path), **{f"xl__media__{n}_x": b" " * (15 << 20) for n in range(11)})


def far_apart(path):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("s")
        sheet.write_string(0, 0, "a")
        sheet.write_string(1_048_575, 16_383, "b")
    return path


def ten_million_cells(path):
    row = "<row>" + "<c t='inlineStr'><is><t>1</t></is></c>" * 100 + "</row>"
    content = f"<worksheet><sheetData>{row * 100_000}</sheetData></worksheet>".encode()
    return repacked(plain(path), xl__worksheets__sheet1_x=content)


def entities(path):
    body = "<!DOCTYPE w [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><worksheet><sheetData/></worksheet>"
    return repacked(plain(path), xl__worksheets__sheet1_x=body.encode())


def laughs(path):
    told = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    return repacked(plain(path), xl__sharedStrings_x=f"<!DOCTYPE s [<!ENTITY l0 'x'>{told}]><sst>&l9;</sst>".encode())


def macros(path):
    with zipfile.ZipFile(plain(path), "a") as book:
        book.writestr("xl/vbaProject.bin", _OLE + bytes(100))
    return path


def written(content):
    def make(path):
        path.write_bytes(content)
        return path

    return make


def half_saved(path):
    plain(path, 500)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def an_archive(path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("readme.txt", "not a workbook")
    return written(held.getvalue())(path)


HOSTILE = {
    "a bomb": bomb,
    "many swollen parts": many_parts,
    "two cells far apart": far_apart,
    "ten million cells": ten_million_cells,
    "an outside entity": entities,
    "entities of entities": laughs,
    "macros": macros,
    "an old xls, or a password": written(_OLE + bytes(4_000)),
    "a renamed csv": written("姓名,电话\n王一,1\n".encode("gb18030")),
    "a web page": written(b"<html>login</html>"),
    "nothing": written(b""),
    "half saved": half_saved,
    "another archive": an_archive,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_with_a_way_out_and_costs_us_nothing(make, tmp_path):
    path = make(tmp_path / "form.xlsx")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UsageError, match="没有收") as caught:
        hostile.sheets(path)
    assert caught.value.where == "form.xlsx"
    assert caught.value.cure
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # of KB, in our own process


def test_what_reads_it_stays_within_its_memory(tmp_path):
    """In a process of its own: what the system tells of children is the greatest of all there ever were."""
    large = {"parts": many_parts, "far": far_apart, "cells": ten_million_cells}
    paths = [str(make(tmp_path / f"{name}.xlsx")) for name, make in large.items()]
    code = f"""
import resource
from pathlib import Path
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import hostile
refused = 0
for path in {paths}:
    try:
        hostile.sheets(Path(path))
    except UsageError:
        refused += 1
print(refused, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    refused, most = map(int, done.stdout.split())
    assert refused == len(large)
    assert 0 < most < hostile.LIMITS.memory // 1024


def test_a_plain_workbook_is_read(tmp_path):
    assert hostile.sheets(plain(tmp_path / "form.xlsx")) == {"s": [(n, ["a", "b"]) for n in range(3)]}


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="打不开"):
        hostile.sheets(tmp_path / "gone.xlsx")
