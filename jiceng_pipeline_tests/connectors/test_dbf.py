import struct
from datetime import date

import dbfread
import pytest

from jiceng_pipeline.connectors import base, dbf
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken

FIELDS = [("CJZH", "C", 20, 0), ("XM", "C", 10, 0), ("DJ", "N", 2, 0), ("FZRQ", "D", 8, 0)]
COLUMNS = [name for name, *_ in FIELDS]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "CJR.DBF"


def table(records, fields=FIELDS, version=0x03, encoding="gb18030", count=None):
    """Return the bytes of a table; a record is a mark and its cells, text or bytes."""
    described = b"".join(
        name.encode(encoding).ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width % 256, places]) + bytes(14)
        for name, kind, width, places in fields
    )
    width = 1 + sum(field[2] for field in fields)
    size = 32 + len(described) + 1
    head = struct.pack("<B3BLHH20x", version, 126, 5, 1, len(records) if count is None else count, size, width)
    return head + described + b"\r" + b"".join(record(each, fields, encoding) for each in records) + b"\x1a"


def record(cells, fields, encoding):
    mark, *values = cells
    texts = []
    for value, (_, kind, width, _) in zip(values, fields, strict=True):
        data = value if isinstance(value, bytes) else value.encode(encoding)
        texts.append(data.rjust(width) if kind in "NF" else data.ljust(width))
    return mark.encode() + b"".join(texts)


def read(path, content, columns=COLUMNS, renames=None, **options):
    path.write_bytes(content)
    return taken("dbf", columns, {"file": path.name, **options}, {"folder": str(path.parent)}, renames)


def test_records_come_as_they_stand(path):
    rows, found = read(
        path,
        table([(" ", "320602", "王𠮷", "1", "20240501"), (" ", "", "", "", ""), (" ", "x y", "甲", "**", "2024")]),
    )
    assert rows == [(1, "320602", "王𠮷", "1", "20240501"), (2, "", "", "", ""), (3, "x y", "甲", "**", "2024")]
    assert (found.promised_rows, found.notes, found.rejects) == (3, {}, [])


def test_deleted_records_are_left_out_and_counted(path):
    content = table([("*", "1", "甲", "1", ""), (" ", "2", "乙", "2", ""), ("*", "3", "丙", "3", "")])
    rows, found = read(path, content)
    assert rows == [(2, "2", "乙", "2", "")]
    assert (found.promised_rows, found.notes) == (1, {"deleted_records": "2"})


def test_dbfread_reads_the_same(path):
    records = [(" *"[i % 7 == 0], f"{i:06d}", "王小二"[: i % 4], str(i % 5), "20240501") for i in range(500)]
    rows, _ = read(path, table(records))
    theirs = dbfread.DBF(path, encoding="gb18030")
    assert [row[1:] for row in rows] == [
        (each["CJZH"], each["XM"], str(each["DJ"]), each["FZRQ"].strftime("%Y%m%d")) for each in theirs
    ]
    assert theirs.records is not None
    assert next(iter(theirs))["FZRQ"] == date(2024, 5, 1)


def test_foxpro_numbers_and_moments(path):
    fields = [
        ("I", "I", 4, 0),
        ("B", "B", 8, 2),
        ("Y", "Y", 8, 4),
        ("T", "T", 8, 0),
        ("M", "M", 4, 0),
        ("_NullFlags", "0", 1, 0),
    ]
    moment = struct.pack("<ll", 2440588 + 19844, 8 * 3_600_000)
    first = (" ", struct.pack("<l", -7), struct.pack("<d", 0.1), struct.pack("<q", -12345), moment, b"\1\0\0\0", b"\0")
    second = (" ", bytes(4), bytes(8), bytes(8), bytes(8), bytes(4), b"\0")
    rows, found = read(path, table([first, second], fields, version=0x30), columns=["I", "B", "Y", "T", "M"])
    assert rows == [(1, "-7", "0.1", "-1.2345", "2024-05-01 08:00:00", None), (2, "0", "0", "0.0000", None, None)]
    assert "M" in found.notes["memo"]


def test_half_a_character_costs_its_record(path):
    content = table(
        [(" ", "1", "甲", "1", ""), (" ", "2", "乙丙丁戊己".encode("gb18030")[:9], "1", ""), (" ", "3", "己", "1", "")]
    )
    rows, found = read(path, content)
    assert [row[0] for row in rows] == [1, 3]
    assert [(reject.row, "“XM”" in reject.reason) for reject in found.rejects] == [(2, True)]
    assert len(rows) + len(found.rejects) == found.promised_rows


def test_zeros_are_padding_too_and_names_may_be_chinese(path):
    fields = [("姓名", "C", 10, 0)]
    rows, _ = read(path, table([(" ", "王".encode("gb18030") + bytes(8))], fields), columns=["姓名"])
    assert rows == [(1, "王")]


def test_many_records_come_in_batches(path):
    count = 2 * base.BATCH_ROWS + 3
    rows, _ = read(path, table([(" ", str(i), "甲", "1", "") for i in range(count)]))
    assert [row[:2] for row in rows] == [(i + 1, str(i)) for i in range(count)]


def test_memory_does_not_grow_with_the_width(path, monkeypatch):
    monkeypatch.setattr(dbf, "_BLOCK", 100)
    assert len(read(path, table([(" ", str(i), "甲", "1", "") for i in range(50)]))[0]) == 50


GOOD = table([(" ", str(i), "甲", "1", "") for i in range(100)])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[: len(GOOD) // 2], "文件头说有 100 条记录，文件里有 4"),
        (GOOD[:-1] + GOOD[500:], "文件头说有 100 条"),
        (table([], count=5), "文件头说有 5 条"),
        (GOOD[:20], "不是完整的 DBF"),
        (GOOD[:100], "不是完整的 DBF"),
        (b"PK\x03\x04" + bytes(500), "不是完整的 DBF"),
        (b"", "不是完整的 DBF"),
        (table([("?", "1", "甲", "1", "")]), "标记不认识"),
        (table([(" ", "1")], [("A", "V", 9, 0)]), "类型 'V' 不能读取"),
        (table([(" ", "1")], [("A", "I", 9, 0)]), "类型 'I' 不能读取"),
    ],
)
def test_what_is_no_whole_table_is_refused(path, content, words):
    with pytest.raises(SourceRejected, match=words):
        read(path, content)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (FIELDS[:-1], "缺少列 FZRQ"),
        ([*FIELDS, ("GZ", "N", 5, 2)], "多出列 GZ"),
        ([*FIELDS[:-1], ("RQ", "D", 8, 0)], "缺少列 FZRQ；多出列 RQ"),
        ([*FIELDS, FIELDS[1]], "重复列 XM"),
    ],
)
def test_a_changed_structure_is_refused_by_name(path, fields, words):
    with pytest.raises(SourceRejected, match=words):
        read(path, table([(" ", *["1"] * len(fields))], fields))


def test_swapped_columns_and_a_known_rename(path):
    fields = [("RQ", "D", 8, 0), *FIELDS[:-1]]
    rows, found = read(path, table([(" ", "20240501", "1", "甲", "2")], fields), renames={"RQ": "FZRQ"})
    assert rows == [(1, "1", "甲", "2", "20240501")]
    assert found.notes == {"renamed": "RQ→FZRQ"}


def test_the_newest_file(path):
    path.with_name("CJR202605.DBF").write_bytes(table([(" ", "1", "旧", "1", "")]))
    path.with_name("CJR202606.DBF").write_bytes(table([(" ", "1", "新", "1", "")]))
    rows, _ = taken("dbf", COLUMNS, {"files": "CJR*.DBF"}, {"folder": str(path.parent)})
    assert rows[0][2] == "新"


def test_no_file_and_wrong_options(path):
    with pytest.raises(SourceUnreachable):
        taken("dbf", COLUMNS, {"file": "no.dbf"}, {"folder": str(path.parent)})
    for options in ({}, {"file": "a", "files": "b"}):
        with pytest.raises(DefinitionError):
            extract("dbf", COLUMNS, options, {"folder": str(path.parent)})
