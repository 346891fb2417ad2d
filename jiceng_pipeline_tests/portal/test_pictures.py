"""The pictures say of everybody who is counted where they stand, or that they stand nowhere."""

import re

import pytest

_SENTENCE = re.compile(r"男 ([\d,]+) 人，女 ([\d,]+) 人(?:，另有 ([\d,]+) 人)?")


@pytest.mark.parametrize(("account", "digits"), [("clerk", 12), ("township", 9), ("county", 6), ("city", 4)])
def test_men_women_and_those_of_whom_it_is_not_known_are_all_there_are(site, account, digits):
    from jiceng_pipeline.portal.reading import opened

    scope = site.community[:digits]
    told = _SENTENCE.search(site.client(account).get(f"/at/{scope}/pictures").text).groups()
    with opened() as (_, connection):
        ((everybody,),) = connection.execute(
            "select value from indicators.value where indicator = 'population' and division_code = ?",
            [scope.ljust(12, "0")],
        ).fetchall()
    assert sum(int(each.replace(",", "")) for each in told if each) == everybody
