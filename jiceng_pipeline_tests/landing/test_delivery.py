"""What a contract may say of deliveries, and what is refused before anything is pulled."""

import pytest
import yaml

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.departments.contract import Contract, read
from jiceng_pipeline.departments.delivery import ASKING
from jiceng_pipeline_tests.landing.changing import CHANGING, DELIVERY
from jiceng_pipeline_tests.landing.trial import FIELDS


def refused(tmp_path, fields):
    """Write the contract to a file and return the error it meets."""
    folder = tmp_path / fields["department"]
    folder.mkdir()
    path = folder / f"{fields['system']}.yaml"
    text = {name: value for name, value in fields.items() if name not in {"department", "system"}}
    path.write_text(yaml.safe_dump(text, allow_unicode=True), "utf-8")
    with pytest.raises(DefinitionError) as caught:
        read(tmp_path)
    assert str(path) in caught.value.where
    assert caught.value.cure
    return caught.value.what


def test_without_a_word_every_delivery_is_full():
    found = Contract.model_validate(FIELDS)
    assert found.delivery.kind == "full"
    assert (found.expect.within, found.expect.period) == (None, None)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"connector": {"kind": "excel", "options": {}}}, "delivery：连接器 excel 不能只取变动的行"),
        ({"connector": {"kind": "http_json", "options": {"path": "/r"}}}, "connector.options：增量拉取缺少 since"),
        ({"delivery": {**DELIVERY, "cursor": "改于"}}, "delivery.cursor：提到了没有登记的列：改于"),
        (
            {"delivery": {**DELIVERY, "deleted": {"column": "证号", "value": "1"}}},
            "delivery.deleted.column：证号 只写在这里",
        ),
        ({"delivery": {**DELIVERY, "sweep_days": 0}}, "sweep_days"),
        ({"delivery": {**DELIVERY, "sweeps": 7}}, "sweeps"),
        ({"delivery": {"kind": "incremental"}}, "cursor"),
        ({"delivery": {"kind": "full", "cursor": "updateTime"}}, "cursor"),
        ({"expect": {"within": {"column": "姓名"}}}, "expect.within.column：姓名 不是对应社区代码的列"),
        ({"expect": {"within": {"column": "社区"}}, "columns": {"社区": "community_code"}}, "expect.within：没有范围"),
        ({"expect": {"period": {"told_by": "column"}}}, "told_by"),
        ({"expect": {"period": {"told_by": "file_name", "column": "姓名"}}}, "told_by"),
        ({"expect": {"period": {"told_by": "column", "column": "月份"}}}, "expect.period：提到了没有登记的列：月份"),
    ],
)
def test_what_cannot_be_is_refused_by_file_and_field(tmp_path, changed, words):
    fields = {**CHANGING, **changed}
    fields["columns"] = {**CHANGING["columns"], **changed.get("columns", {})}
    assert words in refused(tmp_path, fields)


@pytest.mark.parametrize("kind", sorted(ASKING))
def test_the_connectors_that_can_be_asked_know_the_options(kind):
    assert set(ASKING[kind]) <= set(base.load(kind).Options.model_fields)
