"""The engine as a whole: bounded blocks, pinned model versions, equal results of equal inputs, words for a pair."""

import json
import shutil
from datetime import date, timedelta
from hashlib import sha256

import pytest

from jiceng_pipeline.core.errors import IntegrityError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.kinds.model import Model
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.matching import explanation, identity, training, versions
from jiceng_pipeline.matching.model import Matching, matchings
from jiceng_pipeline_tests.matching.conftest import HEALTH, LINKS, PENSION, REGISTER, citizen_id

BORN = date(1950, 3, 3)
WANG = citizen_id("32060219500303123")
CLERK = "13900000001"
MODEL = (*LINKS, "matching.model")  # of all kinds of entities


def crowd(number, **more):
    """Return as many people, each with a number and a name of their own, all with the clerk's telephone."""
    signs = "安宝昌春德恩发光国海"
    return [
        {
            "system": REGISTER,
            "name": "钱" + signs[each // 10 % 10] + signs[each % 10],
            "citizen_id": citizen_id(f"320602{BORN + timedelta(each):%Y%m%d}{100 + each:03}"),
            "birth_date": BORN + timedelta(each),
            "phone": CLERK,
            **more,
        }
        for each in range(number)
    ]


def test_a_telephone_of_many_people_says_nothing_and_costs_nothing(reconcile):
    rows = [*crowd(80), {"system": HEALTH, "name": "钱多", "phone": CLERK}]
    with reconcile(rows, until=LINKS) as connection:
        told = connection.execute(
            "select method, near_record_id from matching.resident_match where record_id = 'a080'"
        ).fetchall()
        assert told == [("single", None)]
        assert connection.execute("select count(*) from matching.resident_review").fetchall() == [(0,)]


def test_a_slip_in_the_number_and_another_way_to_write_the_name(reconcile):
    rows = [
        *crowd(5),
        {"system": HEALTH, "name": "钱安安", "citizen_id_raw": WANG[:15] + "999"},
        {"system": REGISTER, "name": "张毓春", "citizen_id": WANG, "birth_date": BORN, "phone": "13912345678"},
        {"system": HEALTH, "name": "张?春", "citizen_id_raw": WANG[:9] + "9" + WANG[10:], "birth_date": BORN},
        {"system": PENSION, "name": "张玉春", "birth_date": BORN, "phone": "13912345678"},
    ]
    with reconcile(rows, until=LINKS) as connection:
        rows = connection.execute(
            """select a.record_id, a.entity_id = b.entity_id from matching.resident_link as a
            join matching.resident_link as b on b.record_id = 'a006' order by a.record_id"""
        ).fetchall()
        assert [record for record, is_one in rows if is_one] == ["a006", "a007", "a008"]


def test_who_is_met_by_name_birth_and_home_is_sought_among_no_others(reconcile):
    child = BORN.replace(year=1980)
    rows = [
        {"system": REGISTER, "name": "张毓春", "citizen_id": WANG, "birth_date": BORN, "phone": CLERK},
        {
            "system": REGISTER,
            "name": "张国强",
            "citizen_id": citizen_id(f"320602{child:%Y%m%d}100"),
            "birth_date": child,
            "phone": CLERK,
        },
        {"system": HEALTH, "name": "张毓春", "birth_date": BORN, "phone": CLERK},
        {"system": PENSION, "name": "张毓春", "phone": CLERK},
    ]
    with reconcile(rows, until=LINKS) as connection:
        told = connection.execute(
            "select record_id, near_record_id, second_record_id from matching.resident_match order by record_id"
        ).fetchall()
    assert told == [("a002", "a000", None), ("a003", "a000", "a001")]


@pytest.mark.parametrize("sure", [{"block": ("sex",), "values": ()}, {"block": ("document",), "values": ("car",)}])
def test_sure_is_one_of_the_blocks_and_some_of_the_values(sure):
    told = matchings()["resident"].model_dump()
    with pytest.raises(ValueError, match="sure"):
        Matching.model_validate(told | {"sure": sure})


def test_the_order_of_arrival_changes_nothing(reconcile):
    every = [
        {**row, "record_id": f"f{number:04}"}
        for number, row in enumerate(
            [*crowd(12), *crowd(12, system=HEALTH, phone=None), *crowd(9, system=PENSION, citizen_id=None)]
        )
    ]

    def matched(rows):
        with reconcile(rows, until=LINKS) as connection:
            return connection.execute("from matching.resident_match order by record_id").fetchall()

    assert matched(every) == matched(every[::-1])


def test_the_first_build_pins_a_model_and_later_ones_use_it(reconcile, tmp_path):
    settings = Settings(home=tmp_path)

    def events():
        with open_ledger(settings) as ledger:
            return [(entry.subject, entry.body.version) for entry in views.entries(ledger, Model)]

    with reconcile(crowd(30), until=MODEL) as connection:
        pinned = connection.execute("select entity, version from matching.model order by entity").fetchall()
        assert events() == pinned
        same = training.retrained(connection, settings, matchings()["resident"], "再训练", "anna")
        assert same.name == dict(pinned)["resident"], "the same records give the same version"
    more = [*crowd(40), *crowd(40, system=HEALTH), *crowd(8, system=HEALTH, citizen_id=None)]
    with reconcile(more, until=MODEL) as connection:
        assert connection.execute("select entity, version from matching.model order by entity").fetchall() == pinned
        assert len(events()) == 3
        version = training.retrained(connection, settings, matchings()["resident"], "人多了", "anna")
        assert version.name != dict(pinned)["resident"]
        assert versions.in_force(settings, matchings()["resident"]) == version
    text = "".join(path.read_bytes().decode("latin-1") for path in version.folder.iterdir())
    assert CLERK not in text
    (version.folder / "stopped.parquet").write_bytes(b"")
    with pytest.raises(IntegrityError):
        versions.in_force(settings, matchings()["resident"])


def test_other_rules_than_those_of_this_release_have_a_model_of_their_own(reconcile, tmp_path):
    resident, settings = matchings()["resident"], Settings(home=tmp_path / "elsewhere", kept_records=0)
    without_sex = {name: each for name, each in resident.comparisons.items() if name != "sex"}
    other = resident.model_copy(update={"comparisons": without_sex})
    with reconcile([*crowd(30), *crowd(30, system=HEALTH, citizen_id=None)], until=LINKS) as connection:
        together = "select list(record_id order by all) from matching.resident_link group by entity_id order by all"
        before = connection.execute(together).fetchall()
        for _ in range(2):
            identity.reconcile(connection, settings, other)
        assert connection.execute(together).fetchall() == before
    assert set(versions.in_force(settings, other).weights) == {"prior", *without_sex}


@pytest.mark.parametrize(
    ("change", "is_read"),
    [
        ({"format": None}, True),  # as releases wrote it before there was a number
        ({"format": 99}, False),
        ({"weights": {"prior": {"0": -1200}}}, False),  # of a release that compared other things
    ],
)
def test_a_model_of_another_release_is_read_or_refused_with_a_cure(reconcile, tmp_path, change, is_read):
    settings = Settings(home=tmp_path)
    with reconcile(crowd(30), until=LINKS):
        pinned = versions.in_force(settings, matchings()["resident"])
    told = json.loads((pinned.folder / "weights.json").read_text("utf-8"))
    written = told.pop("files")
    told = {name: value for name, value in {**told, **change}.items() if value is not None}
    name = sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]
    shutil.copytree(pinned.folder, settings.models / name)
    (settings.models / name / "weights.json").write_text(json.dumps({**told, "files": written}), "utf-8")
    if is_read:
        assert versions.read(settings, "resident", name).weights == pinned.weights
        return
    with pytest.raises(IntegrityError) as refused:
        versions.read(settings, "resident", name)
    assert "jiceng model train" in refused.value.cure


def test_an_explanation_adds_up_and_names_nobody(reconcile, tmp_path):
    rows = [
        {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN, "phone": "13912345678"},
        {"system": HEALTH, "name": "王健国", "birth_date": BORN, "phone": "13912345678", "sex_code": "1"},
        {"system": HEALTH, "name": "李梅", "birth_date": date(1972, 2, 2)},
    ]
    settings = Settings(home=tmp_path)
    with reconcile(rows) as connection:
        alike = explanation.explain(connection, settings, "a001", "a000")
        other = explanation.explain(connection, settings, "a000", "a002")
        told = {step.title: step.words for step in alike.steps}
        assert told["姓名"] == "同音或繁简不同"
        assert told["电话、住址、家庭"] == "电话相同"
        assert alike.is_one and alike.bits == round(sum(step.bits for step in alike.steps), 2) >= alike.link
        assert not other.is_one and other.bits < 0
        assert not any(value in str(alike) for value in ("王", "13912345678", WANG, "1950"))
        with pytest.raises(UsageError):
            explanation.explain(connection, settings, "a000", "nobody")


def test_an_explanation_leaves_out_what_too_many_have_as_the_engine_does(reconcile, tmp_path):
    with reconcile(crowd(13), until=MODEL) as connection:
        told = explanation.explain(connection, Settings(home=tmp_path), "a000", "a001")
        assert "电话相同" not in str(told.steps)
    with reconcile(crowd(3), until=MODEL) as connection:
        told = explanation.explain(connection, Settings(home=tmp_path), "a000", "a001")
        assert "电话相同" in str(told.steps), "the same number, but few have it"
