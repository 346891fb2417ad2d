"""What an operator is told of a contract that is not right: file, line, field and what to do."""

import json

import pytest

from jiceng_pipeline.cli import main
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.departments import contract
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import agreement
from jiceng_pipeline_tests.departments.conftest import RANGER

# what is wrong → text of a good contract, what stands there instead, the line it is told of, words, cure
MISTAKES = {
    "unknown field": ("legal_basis:", "legal_bases:", 3, "legal_bases", "拼写"),
    "missing field": ("legal_basis: 中华人民共和国森林法\n", "", 1, "legal_basis", "补上"),
    "value that is none of those": ("conditional", "sometimes", 4, "sharing", "列出的值"),
    "unknown element": ("性别: sex_code", "性别: sex", 15, "columns.性别：没有这个数据元：sex", "docs/catalogue.md"),
    "element of another entity": (
        "性别: sex_code",
        "性别: enterprise_name",
        15,
        "columns.性别：这个数据元不属于 resident",
        "docs/catalogue.md",
    ),
    "element twice": ("性别: sex_code", "性别: name", 15, "columns.性别：与 姓名 对到同一个数据元 name", "留一列"),
    "column twice": ("性别: sex_code", "姓名: sex_code", 15, "重复的键 姓名", "只留一个"),
    "column mapped and ignored": ("  - 证号", "  - 证号\n  - 姓名", 16, "ignored：列 姓名 写了两次", "只写一次"),
    "key that is no column": ("[证号]", "[编号]", 11, "key：提到了没有登记的列：编号", "补进去"),
    "rename to no column": ("身份证号码: 身份证号", "号码: 证件", 18, "renames：提到了没有登记的列：证件", "补进去"),
    "code of no set": ('男: "1"', '男: "7"', 20, "codes.性别：代码集 sex 里没有 7", "0、1、2"),
    "codes of what has none": ("  性别: {男", "  姓名: {男", 20, "codes.姓名：这一列没有代码集", "删去"),
    "unit of what has none": (
        "codes:",
        "multiply: {姓名: 10}\ncodes:",
        19,
        "multiply.姓名：这一列不是数，不能换算单位",
        "数额",
    ),
    "factor that is none": ("codes:", "multiply: {姓名: 0}\ncodes:", 19, "multiply.姓名", "改正"),
    "county by another code": (
        "entity: resident",
        'entity: resident\njurisdiction: "320613000000"',
        6,
        "jurisdiction：不是县级区划代码",
        "六位",
    ),
    "column that we have": ("姓名: name", "record_id: name", 13, "record_id 是本系统自己用的列名", "record_id: 新名字"),
    "ignored column that we have": ("  - 证号", "  - 证号\n  - Landed", 16, "Landed 是本系统自己用的列名", "renames"),
    "columns that differ in case": ("姓名: name", "xm: name\n  XM: phone", 14, "XM 和 xm 只差大小写", "XM: 新名字"),
    "column without a name": ("  - 证号", '  - 证号\n  - ""', 16, "ignored：列没有名字", "起名"),
    "bad yaml": ("  姓名: name", "  姓名: name: x", 13, "不是有效的 YAML", "缩进"),
    "no mapping": (RANGER, "- a\n- b\n", 1, "键: 值", "参照"),
    "number where text belongs": ("男: \"1\"", "男: 1", 20, "codes.性别.男", "改正"),
    "unknown connector": ("kind: delimited", "kind: csv", 7, "connector.kind：没有连接器 csv", "delimited、"),
    "wrong option": ("delimiter:", "delimeter:", 10, "delimeter", "拼写"),
    "option of a wrong form": ('delimiter: ","', "skip_rows: many", 10, "skip_rows", "改正"),
    "two places": ("file: 护林员.csv", "file: 护林员.csv\n    files: 护林员_*.csv", 9, "须写其中一个", "改正"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_line_field_and_cure(operator, mistake):
    good, bad, line, words, cure = MISTAKES[mistake]
    path = operator.write(RANGER.replace(good, bad))
    assert path.read_text("utf-8") != RANGER
    with pytest.raises(DefinitionError) as told:
        agreement.check(contracts().values())
    assert told.value.where == f"{path}:{line}"
    assert words in told.value.what
    assert cure in told.value.cure


def test_fields_that_are_not_the_columns_are_told(operator):
    options = "  kind: xml\n  options:\n    file: a.xml\n    record: r\n    fields: {姓名: n, 身份证号: i, 性别: s}\n"
    begin, end = RANGER.index("  kind"), RANGER.index("key:")
    path = operator.write(RANGER[:begin] + options + RANGER[end:])
    with pytest.raises(DefinitionError, match="fields：与 columns、ignored 的列不一致：证号") as told:
        agreement.check(contracts().values())
    assert told.value.where == f"{path}:11"


def test_a_good_contract_is_added_to_ours(operator):
    ours = set(contracts())
    operator.write(RANGER)
    contract.read.cache_clear()
    assert set(contracts()) == ours | {"forestry/ranger"}
    assert list(contracts()) == sorted(contracts())
    agreement.check(contracts().values())


def test_a_name_that_is_taken_is_refused(operator):
    taken = operator.write(RANGER, "civil_affairs/elderly_allowance.yaml")
    with pytest.raises(DefinitionError, match="civil_affairs/elderly_allowance 有两份合同") as told:
        contracts()
    assert told.value.where == str(taken)


@pytest.mark.parametrize(
    "name", ["ranger.yaml", "forestry/station/ranger.yaml", "林业/护林员.yaml", "forestry/a__b.yaml"]
)
def test_a_contract_at_another_place_or_of_an_odd_name_is_refused(operator, name):
    path = operator.write(RANGER, name)
    with pytest.raises(DefinitionError, match="合同的位置或文件名不对") as told:
        contracts()
    assert told.value.where == str(path)
    assert "departments/部门/系统.yaml" in told.value.cure


@pytest.mark.parametrize("name", contracts())
def test_every_contract_of_ours_fits_its_connector(name):
    agreement.check([contracts()[name]])


@pytest.mark.parametrize("command", ["doctor", "sync"])
def test_a_wrong_option_is_told_before_anything_is_pulled(operator, capsys, command):
    operator.write(RANGER.replace("delimiter:", "delimeter:"))
    with pytest.raises(SystemExit) as stopped:
        main([command, "--json"])
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert "ranger.yaml:10" in said.out + said.err
    assert not list(operator.home.glob("landing/*/*/outcomes/*"))
    if command == "doctor":
        assert "合同" in {finding["name"] for finding in json.loads(said.out) if finding["exit_code"]}
