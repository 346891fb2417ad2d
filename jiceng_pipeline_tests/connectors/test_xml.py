import pytest

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core.errors import DefinitionError, SourceRejected, SourceUnreachable
from jiceng_pipeline_tests.connectors.interface import Interface
from jiceng_pipeline_tests.connectors.reading import extract, taken

FIELDS = {"no": "no", "name": "subject/name", "tel": "subject/tel", "updated": "@updated"}
OPTIONS = {"file": "export.xml", "record": "licence", "fields": FIELDS}


def licence(number, name="店", tel="<tel>138</tel>", more=""):
    subject = f"<subject><name>{name}</name>{tel}</subject>"
    return f'<licence updated="2026-01-0{number}"><no>{number}</no>{subject}{more}</licence>'


def put(folder, body, declaration='<?xml version="1.0" encoding="UTF-8"?>', encoding="utf-8"):
    text = body if body.startswith("<!") else f"<licences exported='2026-11-24'>\n{body}\n</licences>"
    (folder / "export.xml").write_bytes((declaration + text).encode(encoding))


def read(folder, renames=None, **options):
    return taken("xml", list(FIELDS), {**OPTIONS, **options}, {"folder": str(folder)}, renames)


def test_elements_and_attributes_become_columns(tmp_path):
    put(
        tmp_path,
        licence(1, "王𠮷的店 &amp; 𫖯") + "\n  " + licence(2, "", "") + licence(3, "<![CDATA[<店>]]>", "<tel/>"),
    )
    rows, found = read(tmp_path)
    assert rows == [
        (1, "1", "王𠮷的店 & 𫖯", "138", "2026-01-01"),
        (2, "2", "", None, "2026-01-02"),
        (3, "3", "<店>", "", "2026-01-03"),
    ]
    assert found.rejects == []


def test_a_nil_element_is_null(tmp_path):
    nil = '<tel xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    put(tmp_path, licence(1) + licence(2, tel=nil))
    assert [row[3] for row in read(tmp_path)[0]] == ["138", None]


def test_namespaces_and_comments_do_not_matter(tmp_path):
    put(tmp_path, f'<a xmlns="urn:x">{licence(1, "店<!-- 注 -->铺")}</a>')
    assert read(tmp_path)[0] == [(1, "1", "店铺", "138", "2026-01-01")]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("GB2312", "gb18030"),
        ("GBK", "gb18030"),
        ("gb18030", "gb18030"),
        ("UTF-8", "gb18030"),
        ("GBK", "utf-8"),
        ("UTF-16", "utf-16"),
        ("big5", "big5"),
    ],
)
def test_text_is_read_by_what_it_is(tmp_path, declared, encoding):
    name = "王店" if encoding == "big5" else "王𠮷䶮"
    put(tmp_path, licence(1, name), f'<?xml version="1.0" encoding="{declared}"?>', encoding)
    assert read(tmp_path)[0] == [(1, "1", name, "138", "2026-01-01")]


def test_without_a_declaration_the_rule_decides(tmp_path):
    put(tmp_path, licence(1, "王𠮷䶮"), "", "gb18030")
    assert read(tmp_path)[0][0][2] == "王𠮷䶮"


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "export.xml").write_bytes(b"<licences><licence><no>\xff\xff</no></licence></licences>")
    with pytest.raises(SourceRejected, match="编码无法识别"):
        read(tmp_path)


def test_many_records_come_in_batches(tmp_path):
    put(tmp_path, licence(1) * (base.BATCH_ROWS // 5 + 3))
    found = extract("xml", list(FIELDS), OPTIONS, {"folder": str(tmp_path)})
    batches = list(found.batches)
    assert [batch.num_rows for batch in batches] == [base.BATCH_ROWS // 5, 3]
    assert batches[1]["_row"].to_pylist() == [base.BATCH_ROWS // 5 + i for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("doctype", "entity"),
    [
        ('<!DOCTYPE l [<!ENTITY x SYSTEM "{secret}">]>', "&x;"),
        ('<!DOCTYPE l [<!ENTITY x SYSTEM "{url}/steal">]>', "&x;"),
        ('<!DOCTYPE l [<!ENTITY % x SYSTEM "{url}/dtd"> %x;]>', "y"),
        ('<!DOCTYPE l SYSTEM "{url}/dtd">', "y"),
        ("<!DOCTYPE l>", "y"),
        (
            '<!DOCTYPE l [<!ENTITY a0 "lol">'
            + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
            + "]>",
            "&a11;",
        ),
    ],
)
def test_entities_and_dtds_are_refused_unread(tmp_path, doctype, entity):
    (tmp_path / "secret").write_text("canary")
    with Interface() as elsewhere:
        doctype = doctype.replace("{secret}", (tmp_path / "secret").as_uri()).replace("{url}", elsewhere.address["url"])
        put(tmp_path, f"{doctype}<l>{licence(1, entity)}</l>")
        with pytest.raises(SourceRejected) as caught:
            read(tmp_path)
        assert elsewhere.visits == []
    assert "canary" not in str(caught.value)


def test_a_bomb_in_an_attribute_is_refused(tmp_path):
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    put(tmp_path, f'<!DOCTYPE l [<!ENTITY a0 "lol">{entities}]><l><licence updated="&a11;"/></l>')
    with pytest.raises(SourceRejected):
        read(tmp_path)


def test_a_text_without_end_is_refused(tmp_path):
    put(tmp_path, licence(1, "x" * (11 << 20)))
    with pytest.raises(SourceRejected, match="不是完整的 XML"):
        read(tmp_path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(tmp_path, keep):
    put(tmp_path, licence(1) * 5000)
    path = tmp_path / "export.xml"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(SourceRejected, match="不是完整的 XML") as caught:
        read(tmp_path)
    assert "138" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "just text", "<html><body>error</p></body></html>"])
def test_something_else_is_refused(tmp_path, body):
    (tmp_path / "export.xml").write_text(body)
    with pytest.raises(SourceRejected):
        read(tmp_path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (licence(1, more="<salary>1</salary>"), "多出列 salary"),
        (licence(1).replace("tel>", "mobile>"), "缺少列 tel；多出列 subject/mobile"),
        (licence(1).replace("updated=", "modified="), "缺少列 updated；多出列 @modified"),
        (licence(1, tel=""), "缺少列 tel"),
        (licence(1, tel="<tel>1<ext>2</ext></tel>"), "多出列 subject/tel/ext"),
        (licence(1, tel="<tel>1</tel>stray"), r"多出列 subject/text\(\)"),
        (licence(1, tel='<tel kind="home">1</tel>'), "多出列 subject/tel/@kind"),
    ],
)
def test_a_changed_shape_is_refused_by_name(tmp_path, body, words):
    put(tmp_path, body)
    with pytest.raises(SourceRejected, match=words):
        read(tmp_path)


def test_a_known_rename_is_mapped(tmp_path):
    put(tmp_path, licence(1).replace("tel>", "mobile>"))
    rows, found = read(tmp_path, {"subject/mobile": "tel"})
    assert rows == [(1, "1", "店", "138", "2026-01-01")]
    assert found.notes == {"renamed": "subject/mobile→tel"}


def test_an_element_that_comes_twice_is_rejected_not_guessed(tmp_path):
    put(tmp_path, licence(1) + licence(2, tel="<tel>1</tel><tel>2</tel>") + licence(3))
    rows, found = read(tmp_path)
    assert [row[0] for row in rows] == [1, 3]
    assert [reject.row for reject in found.rejects] == [2]


def test_a_file_without_records_has_no_rows(tmp_path):
    put(tmp_path, "")
    assert read(tmp_path)[0] == []


def test_no_file(tmp_path):
    with pytest.raises(SourceUnreachable, match="不存在"):
        read(tmp_path)


def test_a_name_that_leads_elsewhere_is_no_file(tmp_path):
    (tmp_path / "in").mkdir()
    put(tmp_path, licence(1))
    with pytest.raises(DefinitionError, match="file"):
        read(tmp_path / "in", file="../export.xml")


def test_a_contract_whose_fields_are_not_its_columns(tmp_path):
    with pytest.raises(DefinitionError, match="不一致"):
        extract("xml", ["no"], OPTIONS, {"folder": str(tmp_path)})
