"""The other end: what comes may have been changed by whoever can write into the folder."""

import json

import pytest

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.exchange import delivery_batch, receiver

from .test_delivery import days, phones, target
from .village import copy, only, outbox, received, rows, subscribe


@pytest.mark.parametrize(
    "said",
    [
        {"columns": [{"name": "name", "type": "VARCHAR); copy (select 1) to '{}'; create table target.main.z (a int"}]},
        {"rows": "0, 'v'); copy (select 1) to '{}'; select (1"},
        {"rows": None},
        {"number": "1"},
        {"part": 2},
        {"columns": "name"},
    ],
)
def test_what_a_manifest_says_is_never_run(settings, said):
    list(days(settings, 1))
    subscribe(settings, "county")
    only(settings, "county")
    manifest = outbox(settings, "county") / "county" / "000001" / "manifest.json"
    forged = json.loads(json.dumps(said).replace("{}", str(settings.home / "written")))
    told = delivery_batch.sealed({**json.loads(manifest.read_text()), **forged})
    manifest.write_text(json.dumps(told))
    with pytest.raises(IntegrityError, match="改动过") as error:
        received(settings, "county")
    assert str(manifest) in str(error.value)
    assert not (settings.home / "written").exists()


@pytest.mark.parametrize("is_dropped", [False, True])
def test_a_changed_batch_keeps_no_other_subscription_waiting(settings, is_dropped):
    said = next(days(settings, 1))
    place = settings.home / "shared"
    place.mkdir()
    target(settings, "shared", way="drop" if is_dropped else "folder", folder=str(place))
    for name in ("county", "street"):
        subscribe(settings, name, target="shared")
        only(settings, name)
    changed = next(place.glob("county_*.parquet") if is_dropped else (place / "county").rglob("rows.parquet"))
    changed.write_bytes(changed.read_bytes()[:-1])
    take = receiver.take_dropped if is_dropped else receiver.take_folder
    with copy(settings, "both") as store:
        with pytest.raises(IntegrityError, match="改动过"):
            take(store, place)
        assert phones(rows(store, "street")) == said
