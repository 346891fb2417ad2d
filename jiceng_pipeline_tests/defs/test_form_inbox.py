"""A filled form that is put into the inbox is read by itself, once."""

import os
import shutil

import dagster as dg
import pytest

from jiceng_pipeline.definitions import defs
from jiceng_pipeline.defs import form_inbox
from jiceng_pipeline.forms import admission, prefill

DEFS = defs()


@pytest.fixture
def dropped(synced_copy, monkeypatch):
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))
    synced_copy.inbox.mkdir()
    (synced_copy.inbox / "王小明.xlsx").write_bytes(b"no workbook")
    return synced_copy.inbox


def evaluated(instance, cursor=None):
    return DEFS.resolve_sensor_def("filled_form")(dg.build_sensor_context(instance=instance, cursor=cursor))


def test_what_arrives_is_read_and_put_away_and_no_name_is_told(dropped):
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(evaluated(instance), dg.SkipReason), "it may still be being written"
        path = dropped / "王小明.xlsx"
        os.utime(path, (1, 1))
        wanted = evaluated(instance)
        assert len(wanted.run_requests) == 1
        assert isinstance(evaluated(instance, wanted.cursor), dg.SkipReason)
        result = DEFS.resolve_job_def(form_inbox.JOB).execute_in_process(instance=instance)
        (event,) = result.get_asset_materialization_events()
        told = {name: each.value for name, each in event.materialization.metadata.items()}
        assert told == {"收到": 1, "没有收": 1, "以前交过": 0}
        assert not path.exists() and list((dropped / "refused").glob("*-王小明.xlsx"))
        assert isinstance(evaluated(instance), dg.SkipReason)


def test_a_filled_form_is_counted_by_what_became_of_its_cells(dropped, synced_copy, tmp_path):
    admission.admit_all(synced_copy, "operator")
    made = prefill.make_all(synced_copy, actor="operator", wanted=["household_visit"], folder=tmp_path / "made")[0]
    (dropped / "王小明.xlsx").unlink()
    for name in ("a.xlsx", "b.xlsx"):
        shutil.copy(made.path, dropped / name)
        os.utime(dropped / name, (1, 1))
    with dg.DagsterInstance.ephemeral() as instance:
        result = DEFS.resolve_job_def(form_inbox.JOB).execute_in_process(instance=instance)
    (event,) = result.get_asset_materialization_events()
    told = {name: each.value for name, each in event.materialization.metadata.items()}
    assert (told["收到"], told["没有收"], told["以前交过"]) == (2, 0, 1)
    assert told["没有变化"] > 0 and "收下" not in told
