"""Light apps: each says what SQL written by hand says, only to whom it may, in the words of a clerk."""

import json

import pytest

from jiceng_pipeline.core.errors import AccessDenied, DefinitionError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import light_app_page
from jiceng_pipeline.exchange.light_app import find, light_apps, visible
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import communities, grants
from jiceng_pipeline.simulation.truth import truth
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.exchange.by_hand import BY_HAND, KEYS

APPS = light_apps(Settings.load().sql_models)


@pytest.fixture(scope="module")
def served(synced):
    with connect(publish.current(synced).database, settings=synced, read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("name", APPS)
def test_an_app_says_what_sql_written_by_hand_says(served, name):
    key = KEYS.get(name, "resident_id")
    told = served.execute(f"select community_code, {key} from light_apps.{name} order by all").fetchall()
    assert told == served.execute(f"select * from ({BY_HAND[name]}) order by all").fetchall()


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("registered_here_living_elsewhere", "community_code"),
        ("living_here_registered_elsewhere", "dwelling_community_code"),
    ],
)
def test_who_truly_lives_in_another_community_than_registered_is_on_the_list_of_both(served, synced, name, place):
    found, meant = served.execute(
        f"""select count(listed.resident_id), count(*)
        from read_parquet('{truth(synced).resident}') as t
        join governance.resident as r on r.citizen_id = t.citizen_id
        left join light_apps.{name} as listed
            on listed.resident_id = r.resident_id and listed.community_code = t.{place}
        where t.is_registered and t.community_code <> t.dwelling_community_code
            and t.death_date is null and t.left_date is null"""
    ).fetchone()
    assert meant > 100
    assert found > 0.75 * meant


def test_most_apps_have_somebody_to_tell_of(served):
    filled = [name for name in APPS if served.execute(f"select 1 from light_apps.{name} limit 1").fetchall()]
    assert len(filled) >= 12


def test_the_rows_of_an_app_lie_by_community_so_that_a_clerk_waits_for_nobody(served):
    for name in APPS:
        codes = [code for (code,) in served.execute(f"select community_code from light_apps.{name}").fetchall()]
        assert codes == sorted(codes), name


def test_there_are_twelve_apps_and_each_has_cards_to_show():
    assert len(APPS) >= 12
    shown = light_app_page.available(list(APPS.values()))
    assert {app.view for app in shown} == {"list", "board", "reminder"}
    assert shown[0].view == "reminder"


def somewhere(settings, app):
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        return connection.execute(
            f"select community_code, count(*) from light_apps.{app} group by 1 order by 2 desc, 1 limit 1"
        ).fetchall()[0]


def test_a_clerk_opens_the_rows_of_the_own_community_masked_in_words_and_audited(synced_copy):
    here, count = somewhere(synced_copy, "newborn_visit")
    page = light_app_page.open_app(synced_copy, actor="operator", app="新生儿访视", place=here, limit=3)
    assert (page.total, len(page.rows)) == (count, min(3, count))
    titles = [column.title for column in page.columns]
    row = dict(zip(titles, page.rows[0], strict=True))
    assert "*" in row["姓名"]
    assert row["性别"] in {"男性", "女性", None}
    with open_ledger(synced_copy) as ledger:
        told = [json.loads(event.text) for event in ledger.events("audit")][-2:]
    assert [(each["outcome"], each["dataset"], each["scope"]) for each in told] == [
        ("granted", "light_app:newborn_visit", here),
        ("served", "light_app:newborn_visit", here),
    ]


def test_a_list_that_tells_by_itself_is_opened_in_full_and_for_its_purpose_or_not_at_all(synced_copy):
    here, _ = somewhere(synced_copy, "follow_up_overdue")
    page = light_app_page.open_app(synced_copy, actor="operator", app="follow_up_overdue", place=here)
    assert "*" not in page.rows[0][[column.id for column in page.columns].index("name")]
    with open_ledger(synced_copy) as ledger:
        assert json.loads(list(ledger.events("audit"))[-2].text)["purpose"] == "慢病随访超期"
        grants.give(
            ledger,
            Grant(actor="checker", scope=here, datasets="*", profiles=("check",), purposes="*", granted_by="operator"),
        )
    with pytest.raises(AccessDenied):
        light_app_page.open_app(synced_copy, actor="checker", app="follow_up_overdue", place=here)
    assert light_app_page.open_app(synced_copy, actor="checker", app="newborn_visit", place=here).receipt


def test_nobody_opens_another_place_or_without_a_grant(synced_copy):
    here, _ = somewhere(synced_copy, "newborn_visit")
    with open_ledger(synced_copy) as ledger:
        grants.give(
            ledger,
            Grant(
                actor="clerk", scope=here, datasets="*", profiles=("check", "full"), purposes="*", granted_by="operator"
            ),
        )
    for place in ("320612001001", here[:9], here[:6]):
        with pytest.raises(AccessDenied):
            light_app_page.open_app(synced_copy, actor="clerk", app="newborn_visit", place=place)
        with pytest.raises(AccessDenied):
            light_app_page.download(synced_copy, actor="clerk", app="newborn_visit", place=place)
    with pytest.raises(AccessDenied):
        light_app_page.open_app(synced_copy, actor="nobody", app="newborn_visit", place=here)


def test_who_is_on_a_list_is_told_only_whom_all_that_decides_it_is_granted(synced_copy):
    here, _ = somewhere(synced_copy, "veteran_care")
    rights = {"actor": "clerk", "scope": here, "datasets": "*", "profiles": ("full",), "purposes": "*"}
    seen = ("resident_id", "name", "community_code")
    with open_ledger(synced_copy) as ledger:
        grants.give(ledger, Grant(**rights, elements=seen, granted_by="operator"))
    for opened in (light_app_page.open_app, light_app_page.download):
        with pytest.raises(AccessDenied, match="授权不含所要的数据项"):
            opened(synced_copy, actor="clerk", app="veteran_care", place=here)


def test_an_app_is_downloaded_as_a_package(synced_copy, tmp_path):
    here, count = somewhere(synced_copy, "newborn_visit")
    made = light_app_page.download(
        synced_copy, actor="operator", app="newborn_visit", place=here, format="csv", folder=tmp_path / "to"
    )
    assert made.rows == count
    assert made.path.read_text("utf-8-sig").count("\n") >= count
    assert "新生儿访视" in made.path.name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- owner: 社区\n", "", "owner"),
        ("-- elements: name, community_code", "-- elements: name, shoe_size", "shoe_size"),
        ("-- columns: community_code, name", "-- columns: name", "community_code"),
        ("-- view: list", "-- view: dance", "view"),
        ("-- masks: check", "-- masks: none", "masks"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path, old, new, said):
    text = """-- title: t
-- purpose: p
-- audience: community
-- grain: g
-- columns: community_code, name
-- elements: name, community_code
-- masks: check
-- owner: 社区
-- version: 1
-- view: list
select resident.community_code, resident.name from governance.resident as resident
"""
    assert old in text
    (tmp_path / "light_apps").mkdir()
    (tmp_path / "light_apps" / "mine.sql").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(DefinitionError, match=said):
        light_apps(tmp_path)


def test_no_app_names_a_place_or_a_system_so_that_it_serves_another_city_as_it_stands():
    for app in APPS.values():
        body = "\n".join(line for line in app.model.sql.splitlines() if not line.startswith("--"))
        assert "/" not in body, app.id
        assert not any(place.name in body for place in communities.places(Settings.load().reference).values()), app.id


def test_an_unknown_app_is_told():
    with pytest.raises(UsageError, match="轻应用"):
        find(Settings.load().sql_models, "tea")


def test_a_table_of_which_nothing_is_declared_is_named():
    with pytest.raises(DefinitionError, match=r"governance\.resident"):
        visible({"governance.resident": ["name"]}, APPS["equipment_inspection_due"])
