"""Values go by numbers while they are compared: what happens where two of them have one number by chance."""

import random

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import features, identity, macros
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline_tests.matching.test_day_by_day import NEVER, matched, picked, records_of


@pytest.mark.parametrize("place", [0, -1])
def test_a_value_is_stopped_though_another_has_its_number(synced, tmp_path, place):
    matching, settings = matchings()["resident"], Settings(home=tmp_path)
    with records_of(synced, settings, matching) as connection:
        macros.create(connection)
        phones = "select cast(13900000000 + i as varchar) as phone from range(300000) as t (i)"
        shared, own = connection.execute(
            f"""select min(phone), max(phone) from ({phones})
            group by mark_number(phone) having count(*) > 1 order by all limit 1"""
        ).fetchall()[0]
        bearers = sorted(picked(connection, random.Random(6), matching, 40))
        connection.execute(f"update {matching.records} set phone = ? where record_id in ?", [shared, bearers])
        matched(connection, settings, matching, 0)  # pins a version that lists what all of them share
        connection.execute(f"update {matching.records} set phone = ? where record_id = ?", [own, bearers[place]])
        day, _ = matched(connection, settings, matching, 0)
        full, _ = matched(connection, settings, matching, NEVER)
        assert day == full
        assert connection.execute(f"select count(*) from stopped where value = mark_number('{shared}')").fetchall() == [
            (1,)
        ]


def test_no_two_names_that_are_counted_have_one_number(synced, tmp_path):
    matching, settings = matchings()["resident"], Settings(home=tmp_path)
    with records_of(synced, settings, matching) as connection:
        identity.reconcile(connection, settings, matching)
        one, other = connection.execute(
            """select min(name), max(name) from (select 'n' || i as name from range(300000) as t (i))
            group by mark_number(name) having count(*) > 1 order by all limit 1"""
        ).fetchall()[0]
        for record, name in zip(picked(connection, random.Random(5), matching, 2), (one, other), strict=True):
            connection.execute(f"update {matching.records} set spoken_name = ? where record_id = ?", [name, record])
        features.create(connection, matching)
        said, numbered = connection.execute(
            f"""select (select count(distinct spoken_name) from {matching.records}),
            (select count(distinct b_spoken_name) from prepared)"""
        ).fetchall()[0]
        assert said == numbered
