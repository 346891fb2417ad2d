"""For each township of the city: how many items are handled there and how, and none listed without a desk."""

from datetime import date

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.returns.communities import places
from jiceng_pipeline.services import catalogue
from jiceng_pipeline.services.grading import gradings
from jiceng_pipeline.services.point import Point
from jiceng_pipeline.simulation.city import make_city
from jiceng_pipeline.simulation.errors import Rates
from jiceng_pipeline.simulation.plan import Share, laid_out
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.store import stores

STORE = stores()["government_services/service_point"]
CODES = {"区县政务服务中心": "1", "镇街便民服务中心": "2", "村社区便民服务站": "3", "银行网点": "4", "邮政网点": "5"}


def city_points(settings):
    """Return the points of every township, from small cities that have no more than they need to."""
    reference = Reference.read(settings.reference)
    codes = [code for district in reference.districts["code"].to_pylist() for code in reference.townships(district)]
    for shard in laid_out(reference, [Share(code, 40) for code in codes]):
        city = make_city(reference, scale="city", seed=3, as_of=date(2026, 11, 24), shard=shard)
        for row in STORE.records(city, Rates()).table.to_pylist():
            yield Point(
                row["id"], row["id"], row["name"], CODES[row["kind"]], row["community"], None, None, None,
                row["openingHours"], row["notHandled"],
            )  # fmt: skip


def test_every_township_has_a_desk_for_what_it_lists(tmp_path):
    settings = Settings(home=tmp_path, business_date=date(2026, 11, 24))
    known, items = places(settings.reference), tuple(catalogue.items(settings).values())
    found = gradings(city_points(settings), items, known.values())
    assert len(found) == 136
    peopled = [each for each in found if each.grades]
    assert len(peopled) == len({code[:9] for code, place in known.items() if place.is_community}) == 104
    assert [each.township_code for each in found if each.without_desk] == []
    # township halls accept most of what there is; a county's hall adds to it
    assert all(each.grades["accept"] >= 20 for each in peopled)
    assert all(sum(each.grades.values()) <= len(items) for each in found)


def test_an_item_without_a_desk_is_named(tmp_path):
    settings = Settings(home=tmp_path, business_date=date(2026, 11, 24))
    known, items = places(settings.reference), tuple(catalogue.items(settings).values())
    withheld = Point("a", "a", "a", "3", "320613005001", None, None, None, None, "pension_enrolment")
    (street,) = (each for each in gradings([withheld], items, known.values()) if each.township_code == "320613005")
    assert "pension_enrolment" in street.without_desk
    assert "pension_qualification" not in street.without_desk
