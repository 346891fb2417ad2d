"""Profiles: what we hold beside published local standards, as data that is checked like any other."""

import pytest

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.standard.profiles import PROFILES, profiles
from jiceng_pipeline.standard.register import elements


def test_the_two_standards_of_the_region_are_there():
    numbers = {each.number.split("—")[0] for each in profiles().values()}
    assert numbers == {"DB31DSJ/Z 004", "DB32/T 4040.2"}


def test_who_lives_where_is_mapped_in_both():
    for profile in profiles().values():
        assert {"citizen_id", "name", "dwelling_address", "community_code"} <= set(profile.elements), profile.number
        assert set(profile.elements) <= set(elements())


@pytest.mark.parametrize(
    ("was", "instead", "words"),
    [
        ("citizen_id:", "citizen_number:", "没有数据元 citizen_number"),
        ("within: 第2部分 公共数据元，位置类}", "within: 位置类, name: 地址}", "不能写数据元在那里的名称"),
        ("issued_by:", "issued:", "issued"),
    ],
)
def test_a_mistake_is_told_with_its_file(tmp_path, was, instead, words):
    text = (PROFILES / "jiangsu_4040.yaml").read_text("utf-8")
    (tmp_path / "jiangsu_4040.yaml").write_text(text.replace(was, instead, 1), "utf-8")
    with pytest.raises(DefinitionError) as told:
        profiles(tmp_path)
    assert words in str(told.value)
    assert "jiangsu_4040.yaml" in f"{told.value} {told.value.where}"
