import pytest

from jiceng_pipeline.connectors import base, encoding
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import PACKAGE
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.departments.delivery import Deleted, Expect, Incremental, Period, Within

DELIVERY = (Deleted, Expect, Incremental, Period, Within)


def test_the_connectors_are_found_by_looking():
    assert set(base.kinds()) >= {"excel", "fixed_width", "http_json", "sql", "xml"}


@pytest.mark.parametrize("kind", ["oracle", "base", "columns", "databases"])
def test_what_is_no_connector_is_told_with_what_there_is(kind):
    with pytest.raises(DefinitionError, match=f"没有连接器 {kind}") as caught:
        base.load(kind)
    assert "fixed_width" in caught.value.cure


@pytest.mark.parametrize("contract", contracts().values(), ids=contracts())
def test_every_contract_has_options_its_connector_takes(contract):
    base.options_of(contract.connector.kind, contract.connector.options)


@pytest.mark.parametrize("kind", base.kinds())
def test_every_option_says_what_it_is(kind):
    undescribed = [name for name, field in base.load(kind).Options.model_fields.items() if not field.description]
    assert undescribed == []


@pytest.mark.parametrize("kind", base.kinds())
def test_every_option_is_in_the_docs(kind):
    page = (PACKAGE.parent / "docs" / "add-a-department.md").read_text("utf-8")
    fields = base.load(kind).Options.model_fields
    assert [name for name, field in fields.items() if f"`{field.alias or name}`" not in page] == []


@pytest.mark.parametrize("part", [Contract, *DELIVERY])
def test_every_part_of_a_contract_is_in_the_docs(part):
    page = (PACKAGE.parent / "docs" / "add-a-department.md").read_text("utf-8")
    wanted = [name for name in part.model_fields if name not in {"department", "system"}]  # which its place says
    assert [name for name in wanted if f"{name}:" not in page and f"`{name}`" not in page] == []


def test_an_address_is_never_shown():
    source = base.Source("d/s", ("a",), {}, {"url": "http://x", "token": "canary"})
    assert "canary" not in repr(source)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"plain", "plain"),
        ("王𠮷䶮".encode(), "王𠮷䶮"),
        ("王𠮷䶮".encode("utf-8-sig"), "王𠮷䶮"),
        ("王𠮷䶮".encode("gb18030"), "王𠮷䶮"),
        ("王𠮷䶮".encode("utf-16"), "王𠮷䶮"),
    ],
)
def test_the_encoding_rule(tmp_path, data, text):
    assert encoding.decoded(data) == text
    path = tmp_path / "text"
    path.write_bytes(data)
    with path.open("rb") as stream:
        assert data.decode(encoding.detected(stream)) == text
        assert stream.tell() == 0


def test_a_character_across_blocks_is_whole(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"x" * (encoding.BLOCK - 1) + "𠮷".encode("gb18030"))
    with path.open("rb") as stream:
        assert encoding.detected(stream) == "gb18030"


def test_what_no_encoding_of_the_rule_reads(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"\xff\xff\xff")
    with path.open("rb") as stream:
        assert encoding.detected(stream) is None
