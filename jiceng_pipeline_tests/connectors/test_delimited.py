import csv
import gzip
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiceng_pipeline.connectors import delimited
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken

COLUMNS = ["编号", "姓名", "住址"]
HEAD = "编号,姓名,住址\r\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def read(folder, content, columns=COLUMNS, renames=None, **options):
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "export.csv").write_bytes(data)
    return taken("delimited", columns, {"file": "export.csv", **options}, {"folder": str(folder)}, renames)


def reasons(found):
    return [(reject.row, reject.reason) for reject in found.rejects]


def test_rows_have_the_line_they_begin_on(folder):
    rows, found = read(folder, HEAD + '1,王𠮷,崇川\r\n2,"李,四","虹桥\n街道"\r\n\r\n3,"说""好""",x\r\n')
    assert rows == [(2, "1", "王𠮷", "崇川"), (3, "2", "李,四", "虹桥\n街道"), (6, "3", '说"好"', "x")]
    assert (found.rejects, found.notes, found.promised_rows) == ([], {}, None)


def test_a_delimiter_behind_the_last_cell_is_no_column(folder):
    assert read(folder, "编号,姓名,住址,,\n1,甲,x,, \n")[0] == [(2, "1", "甲", "x")]


def test_empty_is_not_missing(folder):
    assert read(folder, HEAD + '1,"",\n')[0] == [(2, "1", "", None)]


def test_nothing_is_guessed(folder):
    values = ("007", "NULL", "3.2E+17")
    assert read(folder, HEAD + ",".join(values) + "\n")[0] == [(2, *values)]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_of_the_rule(folder, codec):
    rows, _ = read(folder, (HEAD + "1,王𠮷䶮,崇川\n").encode(codec))
    assert rows == [(2, "1", "王𠮷䶮", "崇川")]


@pytest.mark.parametrize("cut", [1, 7, delimited._BLOCK])
def test_the_sign_that_ends_a_text_of_dos_is_no_record(folder, monkeypatch, cut):
    monkeypatch.setattr(delimited, "_BLOCK", cut)
    rows, found = read(folder, HEAD + "1,甲\x1a,崇川\r\n2,乙,虹桥\r\n\x1a\x1a")
    assert rows == [(2, "1", "甲\x1a", "崇川"), (3, "2", "乙", "虹桥")]
    assert (found.rejects, found.notes) == ([], {})


def test_a_named_encoding_is_taken_at_its_word(folder):
    content = (HEAD + "1,王小二,崇川\n").encode("gb18030")
    assert len(read(folder, content, encoding="gb18030")[0]) == 1
    with pytest.raises(SourceRejected, match="编码无法识别"):
        read(folder, content, encoding="utf-8")


def test_bytes_that_are_no_text(folder):
    with pytest.raises(SourceRejected, match="编码无法识别"):
        read(folder, HEAD.encode() + b"1,\xff\xff\xff,x\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(folder, end):
    rows, _ = read(folder, f"编号,姓名,住址{end}1,甲,x{end}2,乙,y")
    assert rows == [(2, "1", "甲", "x"), (3, "2", "乙", "y")]


@pytest.mark.parametrize(("delimiter", "quote"), [("\t", None), ("|", '"'), (";", "'"), ("\x01", None)])
def test_other_delimiters(folder, delimiter, quote):
    lines = [delimiter.join(cells) for cells in (COLUMNS, ["1", "甲,", f"{quote or ''}x{quote or ''}"])]
    assert read(folder, "\n".join(lines), delimiter=delimiter, quote=quote)[0] == [(2, "1", "甲,", "x")]


def test_without_quoting_a_quote_is_a_character(folder):
    assert read(folder, HEAD + '1,5"管,"x\n', quote=None)[0] == [(2, "1", '5"管', '"x')]


def test_lines_above_the_header_and_no_header(folder):
    rows, _ = read(folder, "高龄津贴\n填报单位：x,2026\n" + HEAD + "1,甲,x\n", skip_rows=2)
    assert rows == [(4, "1", "甲", "x")]
    assert read(folder, "1,甲,x\n", header=COLUMNS)[0] == [(1, "1", "甲", "x")]


def test_ragged_lines_are_rejected_with_their_line(folder):
    rows, found = read(folder, HEAD + '1,甲,x\n2,"a\nb"\n3,丙,x,y\n4,丁,z\n就一个\n5,戊,z\n')
    assert [row[0] for row in rows] == [2, 6, 8]
    assert sorted(reasons(found)) == [
        (3, "应有 3 列，实有 2 列"),
        (5, "应有 3 列，实有 4 列"),
        (7, "应有 3 列，实有 1 列"),
    ]


@pytest.mark.parametrize("bad", ['2,5"管,x', '2,"乙"丙,x', '2,""乙,x', '2,"乙,x'])
def test_a_stray_quote_costs_its_line_and_no_other(folder, bad):
    rows, found = read(folder, HEAD + f'1,甲,x\n{bad}\n3,"丙",x\n4,"丁\n丁",x\n')
    assert [row[:2] for row in rows] == [(2, "1"), (4, "3"), (5, "4")]
    assert [(row, "引号" in reason) for row, reason in reasons(found)] == [(3, True)]


def test_too_many_stray_quotes_are_another_format(folder):
    with pytest.raises(SourceRejected, match="引号位置不对的行超过"):
        read(folder, HEAD + '1,5"管,x\n' * (delimited.MAX_BROKEN + 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEAD + '1,甲,x\n2,乙,"虹桥', "第 3 行；文件在引号里面结束"),
        (HEAD + "1,甲,x\n2,乙", "第 3 行；最后一行不完整"),
        ((HEAD + "1,甲,虹桥").encode()[:-1], "一个字的中间"),
        ((HEAD + "1,甲,虹桥").encode("gb18030")[:-1], "一个字的中间"),
        ((HEAD + "1,甲,虹桥").encode("utf-16")[:-1], "一个字的中间"),
        (HEAD + "1,甲,x\n2,\0乙,x\n", "NUL"),
        (HEAD + "1,甲,x\n" + HEAD + "2,乙,y\n", "第 3 行；表头又出现"),
        (HEAD + f"1,甲,{'x' * (5 << 20)}", "超过 1 MB"),
        ("编号,姓名\n1,甲\n", "缺少列 住址"),
        ("编号,姓名,住址,薪酬\n1,甲,x,1\n", "多出列 薪酬"),
        ("编号,姓名,姓名,住址\n1,甲,甲,x\n", "重复列 姓名"),
        ("编号,姓名,地址\n1,甲,x\n", "缺少列 住址；多出列 地址"),
        ("编号,姓名,住址,\n1,甲,x,\n2,乙,y,1\n", "第 3 行；第 4 列没有表头却有内容"),
        ("编号,姓名,住址,\n1,甲,x,\n编号,姓名,住址,\n", "第 3 行；表头又出现"),
        ("一览表,,\n" + HEAD + "1,甲,x\n", "缺少列 编号、姓名、住址"),
        ("<html><body>登录</body></html>", "缺少列"),
    ],
)
def test_what_is_not_this_file_is_refused(folder, content, words):
    with pytest.raises(SourceRejected) as caught:
        read(folder, content)
    assert words in str(caught.value)


def test_a_huge_cell_is_rejected_and_the_rest_read(folder):
    rows, found = read(folder, HEAD + f"1,甲,{'x' * (1 << 20)}\n2,乙,y\n")
    assert [row[0] for row in rows] == [3]
    assert reasons(found) == [(2, "一条记录超过 1 MB")]


def test_a_quote_that_is_never_closed_costs_its_line(folder):
    lines = "".join(f"{i},甲,{'x' * 100}\n" for i in range(30_000))
    rows, found = read(folder, HEAD + '1,"甲,x\n' + lines + '9,"乙",z\n')
    assert len(rows) == 30_001
    assert [row for row, _ in reasons(found)] == [2]


def test_swapped_columns_and_a_known_rename(folder):
    rows, found = read(folder, "住址, 编 号,姓 名 全\nx,1,甲\n", renames={"姓名全": "姓名"})
    assert rows == [(2, "1", "甲", "x")]
    assert found.notes == {"renamed": "姓名全→姓名"}


@pytest.mark.parametrize("content", ["", "\n\n", HEAD])
def test_a_file_without_rows(folder, content):
    rows, found = read(folder, content)
    assert (rows, found.rejects) == ([], [])


def test_a_trailer_is_counted(folder):
    rows, found = read(folder, HEAD + "1,甲,x\n2,乙\n合计：2 条\n", trailer_mark="合计")
    assert (len(rows), len(found.rejects), found.promised_rows) == (1, 1, 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1,甲,x\n合计,2,\n", "说有 2 条，文件里有 1 条"),
        ("1,甲,x\n", "没有结尾行"),
        ("1,甲,x\n合计,1,\n2,乙,y\n合计,1,\n", "之后还有内容"),
    ],
)
def test_a_trailer_that_does_not_agree(folder, content, words):
    with pytest.raises(SourceRejected, match=words):
        read(folder, HEAD + content, trailer_mark="合计")


def test_what_lies_there_while_somebody_has_the_file_open_is_no_delivery(folder):
    (folder / "~$export.csv").write_bytes(b"\5lock")
    assert read(folder, HEAD + "1,甲,x\n", file=None, files="*.csv")[0] == [(2, "1", "甲", "x")]


def test_the_newest_file_packed_or_not(folder):
    for day, name in (("20260501", "旧"), ("20260601", "新")):
        (folder / f"a_{day}.csv.gz").write_bytes(gzip.compress((HEAD + f"1,{name},x\n").encode("gb18030")))
    rows, _ = taken("delimited", COLUMNS, {"files": "a_*.csv.gz"}, {"folder": str(folder)})
    assert rows == [(2, "1", "新", "x")]


def test_half_a_packed_file(folder):
    lines = "".join(f"{i},甲{i * 7919 % 9973},x\n" for i in range(10_000))
    with pytest.raises(SourceRejected, match="压缩文件不完整"):
        read(folder, gzip.compress((HEAD + lines).encode())[:-2000])


def test_a_bomb(folder):
    bomb = gzip.compress(b"1,x,y\n" * (30 << 20))
    with pytest.raises(SourceRejected, match="异常巨大"):
        read(folder, bomb, header=COLUMNS)


def test_many_blocks_are_one_file(folder):
    lines = [f'{i},"甲\n{i}",{"x" * (i % 90)}\n' for i in range(150_000)]
    rows, found = read(folder, HEAD + "".join(lines))
    assert found.source_bytes > 4 << 20
    assert [row[0] for row in rows] == list(range(2, 300_002, 2))
    assert rows[-1][1:3] == ("149999", "甲\n149999")


CELLS = st.text(alphabet='甲a ,"\n\r|', max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    cut=st.integers(1, 9),
)
def test_what_python_writes_is_read_as_python_reads_it(folder, monkeypatch, table, end, cut):
    monkeypatch.setattr(delimited, "_BLOCK", cut)
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *table])
    rows, found = read(folder, text.getvalue())
    assert [row[1:] for row in rows] == table
    assert found.rejects == []


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='甲,"\n', max_size=40), cut=st.integers(1, 9))
def test_any_rubbish_ends_as_rows_rejects_or_a_refusal(folder, monkeypatch, text, cut):
    monkeypatch.setattr(delimited, "_BLOCK", cut)
    try:
        rows, found = read(folder, HEAD + text + "\n")
    except SourceRejected:
        return
    lines = [row[0] for row in rows] + [reject.row for reject in found.rejects]
    assert len(lines) == len(set(lines))
    whole = delimited_lines(folder, monkeypatch, text)
    assert (rows, sorted(reasons(found))) == whole


def delimited_lines(folder, monkeypatch, text):
    monkeypatch.setattr(delimited, "_BLOCK", 1 << 20)
    rows, found = read(folder, HEAD + text + "\n")
    return rows, sorted(reasons(found))


def test_one_place_has_to_be_named(folder):
    for options in ({}, {"file": "a", "files": "b"}, {"file": "../a"}):
        with pytest.raises(DefinitionError):
            extract("delimited", COLUMNS, options, {"folder": str(folder)})


def test_no_file_and_no_folder(folder):
    for options, address in (({"file": "no.csv"}, folder), ({"files": "no*"}, folder), ({"file": "a"}, folder / "no")):
        with pytest.raises(SourceUnreachable):
            taken("delimited", COLUMNS, options, {"folder": str(address)})


def test_reading_can_stop_anywhere(folder):
    (folder / "export.csv").write_text(HEAD + "1,甲,x\n" * 2_000_000)
    found = extract("delimited", COLUMNS, {"file": "export.csv"}, {"folder": str(folder)})
    next(found.batches)
    found.close()
