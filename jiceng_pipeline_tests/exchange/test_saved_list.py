"""Saved lists: tags and columns chosen by a clerk give a list, asked anew each time, for those who may see it."""

import pytest

from jiceng_pipeline.core.errors import AccessDenied, UsageError
from jiceng_pipeline.exchange import saved_list
from jiceng_pipeline.ledger.kinds.saved_list import SavedList
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.returns.conftest import RESIDENT, row, served_rows

from .village import COUNTY, grant, in_office


@pytest.fixture
def wanted(synced_copy):
    with connect(publish.current(synced_copy).database, settings=synced_copy, read_only=True) as connection:
        here, count = connection.execute(
            """select r.community_code, count(*) from governance.resident as r
            where r.death_date is null
                and r.resident_id in (select resident_id from governance.tag where tag_code = 'aged_60')
                and r.resident_id not in (
                    select resident_id from governance.tag where tag_code = 'living_alone' and resident_id is not null)
                and r.community_code in (select community_code from governance.community)
            group by 1 order by 2 desc, 1 limit 1"""
        ).fetchall()[0]
    body = SavedList(
        account="operator", title="同住的老人", scope=here, tags=("aged_60",), without=("living_alone",),
        columns=("name", "phone"),
    )  # fmt: skip
    return body, count


def test_a_list_holds_who_has_the_tags_and_shows_the_columns_chosen(synced_copy, wanted):
    body, count = wanted
    with open_ledger(synced_copy) as ledger:
        saved_list.save(synced_copy, ledger, body)
        assert [each.title for each in saved_list.of(ledger, "operator")] == ["同住的老人"]
        assert saved_list.of(ledger, "somebody") == []
    page = saved_list.open_list(synced_copy, actor="operator", title="同住的老人", limit=5)
    assert page.total == count
    assert [column.id for column in page.columns] == ["name", "phone", "resident_id"]
    assert len(page.rows) == min(5, count)


def test_a_list_is_changed_and_removed(synced_copy, wanted):
    body, _ = wanted
    with open_ledger(synced_copy) as ledger:
        saved_list.save(synced_copy, ledger, body)
        saved_list.save(synced_copy, ledger, body.model_copy(update={"columns": ("name",)}))
        assert [each.columns for each in saved_list.of(ledger, "operator")] == [("name",)]
        saved_list.save(synced_copy, ledger, body.model_copy(update={"is_removed": True}))
        assert saved_list.of(ledger, "operator") == []
    with pytest.raises(UsageError, match="没有保存过"):
        saved_list.open_list(synced_copy, actor="operator", title="同住的老人")


@pytest.mark.parametrize("change", [{"tags": ("rich",)}, {"without": ("rich",)}, {"columns": ("secret",)}])
def test_what_there_is_not_cannot_be_chosen(synced_copy, wanted, change):
    with open_ledger(synced_copy) as ledger, pytest.raises(UsageError, match="没有这个"):
        saved_list.save(synced_copy, ledger, wanted[0].model_copy(update=change))


def test_who_has_no_post_keeps_no_list_and_opens_none(synced_copy, wanted):
    stranger = wanted[0].model_copy(update={"account": "stranger"})
    with open_ledger(synced_copy) as ledger:
        with pytest.raises(AccessDenied):
            saved_list.save(synced_copy, ledger, stranger)
        ledger.append("saved_list", stranger.subject, stranger, "stranger")
    with pytest.raises(AccessDenied):
        saved_list.open_list(synced_copy, actor="stranger", title="同住的老人")


def test_a_list_tells_of_tags_only_whom_they_are_granted_and_shows_the_columns_that_are(settings):
    register = [row(RESIDENT, tags="disabled"), row(RESIDENT, resident_id="r2", name="李四")]
    served_rows(settings, resident_register=register)
    with open_ledger(settings) as ledger:
        in_office(ledger)
        body = SavedList(
            account="county", title="名单", scope=COUNTY, tags=("disabled",), columns=("name", "phone"),
        )  # fmt: skip
        saved_list.save(settings, ledger, body)
        grants.give(ledger, grant("county", COUNTY, elements=("resident_id", "name")))
    with pytest.raises(AccessDenied, match="授权不含所要的数据项"):
        saved_list.open_list(settings, actor="county", title="名单")
    with open_ledger(settings) as ledger:
        grants.give(ledger, grant("county", COUNTY, elements=("resident_id", "name", "tags")))
    page = saved_list.open_list(settings, actor="county", title="名单")
    assert [column.id for column in page.columns] == ["name", "resident_id"]
    assert (page.rows, page.total) == ([("张小三", "r1")], 1)
