import gzip

import pytest

from jiceng_pipeline.connectors import json_lines
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract, taken

COLUMNS = ["id", "name", "street"]
FIELDS = {"id": "id", "name": "who/name", "street": "where/at/street"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def read(folder, *lines, columns=COLUMNS, renames=None, **options):
    content = lines[0] if isinstance(lines[0], bytes) else "".join(f"{line}\n" for line in lines).encode()
    (folder / "cases.jsonl").write_bytes(content)
    return taken("json_lines", columns, {"file": "cases.jsonl", **options}, {"folder": str(folder)}, renames)


def test_every_value_comes_as_it_stands(folder):
    rows, found = read(
        folder,
        '{"id": 320602195001011234567.10, "name": "王𠮷", "street": null}',
        "",
        '{"street": ["a", 1.50], "id": 9007199254740993, "name": ""}',
        '{"id": true, "name": 1e400, "street": {"x": NaN}}',
    )
    assert rows == [
        (1, "320602195001011234567.10", "王𠮷", None),
        (3, "9007199254740993", "", '["a", "1.50"]'),
        (4, "true", "1E+400", '{"x": "NaN"}'),
    ]
    assert (found.rejects, found.notes) == ([], {})


def test_paths_lead_into_nested_objects(folder):
    rows, found = read(
        folder,
        '{"id": "1", "who": {"name": "甲"}, "where": {"at": {"street": "x"}}}',
        '{"id": "2", "who": null, "where": {"at": {}}}',
        '{"id": "3"}',
        '{"id": "4", "who": "丁", "where": {"at": 5}}',
        '{"id": "5", "who": {"name": "戊"}, "where": {"at": {"street": ""}}}',
        fields=FIELDS,
    )
    assert rows == [(1, "1", "甲", "x"), (2, "2", None, None), (3, "3", None, None), (5, "5", "戊", "")]
    assert [reject.row for reject in found.rejects] == [4]


def test_escapes_are_characters(folder):
    assert read(folder, r'{"id": "\u738b\ud842\udfb7"}', columns=["id"])[0] == [(1, "王𠮷")]


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": 1',
        "[1]",
        "null",
        '"x"',
        '{"id": 1} {"id": 2}',
        "id=1",
        '{"id": 01}',
        r'{"id": "\ud800"}',
        r'{"id": "\u0000"}',
    ],
)
def test_a_line_that_is_no_object_is_rejected(folder, bad):
    good = '{"id": "1", "name": "甲", "street": "x"}'
    rows, found = read(folder, good, bad, good)
    assert [row[0] for row in rows] == [1, 3]
    assert [reject.row for reject in found.rejects] == [2]


def test_two_halves_are_not_made_one(folder):
    rows, found = read(folder, '{"id": "1", "name": "甲"', '"street": "x"}')
    assert (rows, [reject.row for reject in found.rejects]) == ([], [1, 2])


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_last_line_may_lack_its_end_but_not_its_rest(folder, end):
    line = '{"id": "1", "name": "甲", "street": "x"}'
    assert len(read(folder, f"{line}\n{line}{end}".encode())[0]) == 2
    with pytest.raises(SourceRejected, match="被截断"):
        read(folder, f"{line}\n{line[:-9]}".encode())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "1", "name": "甲"}', "缺少列 street"),
        ('{"id": "1", "name": "甲", "street": "", "salary": 1}', "多出列 salary"),
        ('{"id": "1", "title": "甲", "street": ""}', "缺少列 name；多出列 title"),
    ],
)
def test_changed_names_are_refused(folder, line, words):
    with pytest.raises(SourceRejected, match=words):
        read(folder, line)


def test_a_changed_name_inside_a_group(folder):
    with pytest.raises(SourceRejected, match="缺少列 name；多出列 who/title"):
        read(folder, '{"id": "1", "who": {"title": "甲"}, "where": {"at": {"street": "x"}}}', fields=FIELDS)


def test_a_known_rename(folder):
    rows, found = read(folder, '{"street": "x", "title": "甲", "id": 1}', renames={"title": "name"})
    assert rows == [(1, "1", "甲", "x")]
    assert found.notes == {"renamed": "title→name"}


def test_gb18030_and_gzip(folder):
    line = '{"id": "1", "name": "王𠮷䶮", "street": "x"}\n'.encode("gb18030")
    for content in (line, gzip.compress(line)):
        assert read(folder, content)[0] == [(1, "1", "王𠮷䶮", "x")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"id": "\0"}', "NUL"),
        (b'{"id": "\xff\xff\xff"}', "编码"),
        (gzip.compress(b'{"id": 1}' * 999)[:-9], "压缩文件不完整"),
        (gzip.compress(b'{"id": 1}\n' * (20 << 20)), "异常巨大"),
        (b'{"id": "' + b"x" * (9 << 20), "超过 1 MB"),
    ],
)
def test_what_is_no_text_is_refused(folder, content, words):
    with pytest.raises(SourceRejected, match=words):
        read(folder, content, columns=["id"])


def test_deep_nesting_costs_its_line(folder):
    rows, found = read(folder, '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}", '{"id": 1}', columns=["id"])
    assert rows == [(2, "1")]
    assert [reject.row for reject in found.rejects] == [1]


def test_every_part_of_the_newest_day(folder):
    for name, text in (("a_20260501_1", "旧"), ("a_20260601_2", "二"), ("a_20260601_1", "一"), ("a_readme", "x")):
        (folder / f"{name}.jsonl").write_text(f'{{"id": "{text}"}}\n')
    options, address = {"files": "a_*.jsonl", "parts": True}, {"folder": str(folder)}
    assert taken("json_lines", ["id"], options, address)[0] == [(1, "一"), (1, "二")]
    assert taken("json_lines", ["id"], {"files": "a_2*.jsonl"}, address)[0] == [(1, "二")]
    with pytest.raises(SourceUnreachable, match="没有日期"):
        taken("json_lines", ["id"], {"files": "a_r*", "parts": True}, address)


def test_many_blocks_are_one_file(folder, monkeypatch):
    monkeypatch.setattr(json_lines, "_BLOCK", 1000)
    rows, _ = read(folder, *(f'{{"id": {i}, "name": "甲", "street": "x"}}' for i in range(1000)))
    assert [row[:2] for row in rows] == [(i + 1, str(i)) for i in range(1000)]


def test_an_export_of_an_interface(interface):
    interface.export = b'{"id": 1}\n{"id": 2}\n'
    assert taken("json_lines", ["id"], {"path": "/x"}, interface.address)[0] == [(1, "1"), (2, "2")]


def test_wrong_options_are_told(folder):
    address = {"folder": str(folder)}
    twice = dict.fromkeys(COLUMNS, "x")
    inside = {"id": "x", "name": "x/y", "street": "z"}
    wrong = [{"parts": True}, {"fields": {"id": "x"}}, {"fields": twice}, {"fields": inside}]
    for options in ({"file": "a", **each} for each in wrong):
        with pytest.raises(DefinitionError):
            list(extract("json_lines", COLUMNS, options, address).batches)
