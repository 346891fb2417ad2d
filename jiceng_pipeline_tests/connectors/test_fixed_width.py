import gzip
import os

import pytest

from jiceng_pipeline.connectors import base, gzipped
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken

FIELDS = {"编号": 4, "姓名": 10, "金额": 8, "地址": 20}
LAYOUT = {"files": "YLBX_*.txt.gz", "header_mark": "H", "trailer_mark": "T", "record_mark": "D", "fields": FIELDS}
LENGTH = 1 + sum(FIELDS.values())


def record(*values, encoding="gb18030"):
    """Return a record line: text on the left, blanks after it; amounts on the right."""
    cells = []
    for (name, width), value in zip(FIELDS.items(), values, strict=True):
        cell = value if isinstance(value, bytes) else value.encode(encoding)
        cells.append(cell.rjust(width) if name == "金额" else cell.ljust(width))
    return b"D" + b"".join(cells)


def people(count):
    return [record(f"{i:04d}", "王小二", f"{i}.50", "虹桥路1号") for i in range(count)]


def whole(records, count=None, header=b"H20261124", trailer=True):
    """Return the lines of a whole file."""
    end = [b"T%010d" % (len(records) if count is None else count)] if trailer else []
    return [header, *records, *end]


def put(folder, lines, name="YLBX_20261124.txt.gz", end=b"\r\n", packed=True):
    content = b"".join(line + end for line in lines)
    (folder / name).write_bytes(gzip.compress(content) if packed else content)


def read(folder, **options):
    return taken("fixed_width", list(FIELDS), {**LAYOUT, **options}, {"folder": str(folder)})


def test_widths_are_bytes_and_rare_characters_take_four(tmp_path):
    put(
        tmp_path,
        whole(
            [
                record("0001", "王小二", "1234.50", "虹桥路1号"),
                record("0002", "𠮷䶮", "0.00", ""),
                record("0003", "买买提·艾", "-3", "a b  c"),
            ]
        ),
    )
    rows, found = read(tmp_path)
    assert rows == [
        (2, "0001", "王小二", "1234.50", "虹桥路1号"),
        (3, "0002", "𠮷䶮", "0.00", ""),
        (4, "0003", "买买提·艾", "-3", "a b  c"),
    ]
    assert (found.promised_rows, found.rejects) == (3, [])
    assert found.notes == {"header": "20261124"}
    assert found.source_bytes == (tmp_path / "YLBX_20261124.txt.gz").stat().st_size


def test_zeros_are_padding_too(tmp_path):
    blank = [record("0001", "王小二", "5", "虹桥路1号"), record("0002", "ab", "", "c  d"), record("", "", "", "")]
    put(tmp_path, whole([line.replace(b"  ", b"\0\0") for line in blank]))
    rows, found = read(tmp_path)
    assert rows == [(2, "0001", "王小二", "5", "虹桥路1号"), (3, "0002", "ab", "", "c  d"), (4, "", "", "", "")]
    assert found.rejects == []


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("packed", [True, False])
def test_either_line_end_packed_or_plain(tmp_path, end, packed):
    put(tmp_path, whole(people(3)), end=end, packed=packed)
    assert len(read(tmp_path)[0]) == 3


def test_a_last_line_without_end_and_the_end_mark_of_dos(tmp_path):
    content = b"\r\n".join(whole(people(2)))
    for tail in (b"", b"\r\n\x1a", b"\r\n\r\n"):
        (tmp_path / "YLBX_1.txt.gz").write_bytes(content + tail)
        assert len(read(tmp_path)[0]) == 2


def test_the_newest_file_by_name_is_the_delivery(tmp_path):
    put(tmp_path, whole(people(2)), "YLBX_20261124.txt.gz")
    put(tmp_path, whole(people(1)), "YLBX_20261123.txt.gz")
    put(tmp_path, whole(people(9)), "YLBX_20261125.txt.gz.part")
    put(tmp_path, whole(people(9)), ".YLBX_20261126.txt.gz")
    assert len(read(tmp_path)[0]) == 2


def test_utf_8_where_the_contract_says_so(tmp_path):
    put(tmp_path, whole([record("1", "王二", "1", "路", encoding="utf-8")]))
    assert read(tmp_path, encoding="utf-8")[0] == [(2, "1", "王二", "1", "路")]


def test_many_rows_come_in_batches_and_keep_their_lines(tmp_path):
    put(tmp_path, whole(people(10) * (base.BATCH_ROWS // 4)))
    found = extract("fixed_width", list(FIELDS), LAYOUT, {"folder": str(tmp_path)})
    batches = list(found.batches)
    assert [line for batch in batches for line in batch["_row"].to_pylist()] == list(range(2, found.promised_rows + 2))
    assert len(batches) > 1
    assert {text for batch in batches for text in batch["金额"].unique().to_pylist()} == {f"{i}.50" for i in range(10)}


def test_a_line_of_the_wrong_length_is_rejected_by_number(tmp_path):
    lines = people(4)
    lines[1] = lines[1][:-5]
    lines[2] += b"xx"
    put(tmp_path, whole(lines))
    rows, found = read(tmp_path)
    assert [row[0] for row in rows] == [2, 5]
    assert [(reject.row, reject.reason) for reject in found.rejects] == [
        (3, f"行长应为 {LENGTH} 字节，实为 {LENGTH - 5} 字节"),
        (4, f"行长应为 {LENGTH} 字节，实为 {LENGTH + 2} 字节"),
    ]
    assert found.promised_rows == len(rows) + len(found.rejects)


def test_a_broken_record_alone_in_its_block_is_one_reject(tmp_path):
    records = [*people(10) * (base.BATCH_ROWS // 10), b"D"]  # a block holds just the whole ones
    put(tmp_path, whole(records)[1:])
    rows, found = read(tmp_path, header_mark=None)
    assert (len(rows), len(found.rejects)) == (base.BATCH_ROWS, 1)


def test_a_record_broken_in_two_lines_is_one_reject(tmp_path):
    lines = people(3)
    put(tmp_path, whole([lines[0], lines[1][:20], lines[1][20:], lines[2]], count=3))
    rows, found = read(tmp_path)
    assert [row[0] for row in rows] == [2, 5]
    assert [reject.row for reject in found.rejects] == [3]


def test_half_a_character_is_rejected_and_says_which_column(tmp_path):
    half = "王小二".encode("gb18030")[:5]
    put(tmp_path, whole([*people(2), record("0009", half, "1", "路"), record("0010", half, "1", b"\xff\xff")]))
    rows, found = read(tmp_path)
    assert len(rows) == 2
    assert [(reject.row, reject.reason[:4]) for reject in found.rejects] == [(4, "“姓名”"), (5, "“姓名”")]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (whole(people(3), trailer=False), "没有结尾行"),
        (whole(people(3), count=4), "结尾行说有 4 条，文件里有 3 条"),
        (whole(people(2))[:2], "没有结尾行"),
        (whole(people(2)) + people(1), "结尾行之后还有内容"),
        (whole(people(2)) * 2, "结尾行之后还有内容"),
        (whole(people(2), header=b"X"), "行首标记不认识"),
        (whole(people(2))[1:], "没有开头行"),
        ([b"H1", *people(1), b"T" + b"9" * 5000], "条数不是数字"),
        ([b"H1", *people(1), b"Tmany"], "条数不是数字"),
        ([b"H1", *people(1), b"? what is this", b"T1"], "行首标记不认识"),
        ([b"H1", *(line + b"   " for line in people(3)), b"T3"], f"每行应为 {LENGTH} 字节，实际多为 {LENGTH + 3} 字节"),
        ([b"<html>", b"<body>error</body>", b"</html>"], "行首标记不认识"),
        ([b"x" * (3 << 20)], "超过 1 MB"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, lines, words):
    put(tmp_path, lines)
    with pytest.raises(SourceRejected, match=words) as caught:
        read(tmp_path)
    assert caught.value.where.startswith("YLBX_20261124.txt.gz")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_gzip_file_cut_short_is_refused(tmp_path, share):
    put(tmp_path, whole(people(3000)))
    path = tmp_path / "YLBX_20261124.txt.gz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SourceRejected, match=r"不完整|没有结尾行"):
        read(tmp_path)


def test_a_flipped_bit_is_refused(tmp_path):
    put(tmp_path, whole(people(3000)))
    path = tmp_path / "YLBX_20261124.txt.gz"
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum
    path.write_bytes(content)
    with pytest.raises(SourceRejected, match="已损坏"):
        read(tmp_path)


def test_a_gzip_bomb_is_left(tmp_path):
    with gzip.open(tmp_path / "YLBX_1.txt.gz", "wb") as out:
        out.write(b"H1\n")
        line = b"D".ljust(LENGTH) + b"\n"
        for _ in range(110):
            out.write(line * (1 << 14))
    with pytest.raises(SourceRejected, match="异常巨大"):
        read(tmp_path)
    assert gzipped.MAX_RATIO < 1000


def test_a_file_that_grows_while_it_is_read_is_worth_another_try(tmp_path):
    put(tmp_path, whole(people(20) * 9000), packed=False, name="YLBX_1.txt.gz")
    found = extract("fixed_width", list(FIELDS), LAYOUT, {"folder": str(tmp_path)})
    next(found.batches)
    os.utime(tmp_path / "YLBX_1.txt.gz", ns=(1, 1))
    with pytest.raises(SourceUnreachable, match="被改动"):
        list(found.batches)


def test_nothing_there(tmp_path):
    with pytest.raises(SourceUnreachable, match="没有 YLBX"):
        read(tmp_path)
    with pytest.raises(SourceUnreachable, match="文件夹不存在"):
        read(tmp_path / "not mounted")


def test_a_link_out_of_the_folder_is_no_delivery(tmp_path):
    (tmp_path / "in").mkdir()
    put(tmp_path, whole(people(1)), "secret")
    (tmp_path / "in" / "YLBX_1.txt.gz").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceUnreachable):
        read(tmp_path / "in")


def test_a_contract_whose_fields_are_not_its_columns(tmp_path):
    with pytest.raises(DefinitionError, match="不一致"):
        extract("fixed_width", ["编号"], LAYOUT, {"folder": str(tmp_path)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": {"编号": 0}},
        {"record_mark": "H"},
        {"trailer_mark": "尾"},
        {"encoding": "gbk"},
        {"files": "/etc/*"},
        {"widths": []},
    ],
)
def test_wrong_options_are_told(tmp_path, wrong):
    with pytest.raises(DefinitionError):
        read(tmp_path, **wrong)
