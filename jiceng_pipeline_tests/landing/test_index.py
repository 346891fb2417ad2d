"""The index of landing: with it or without, the same records; made again where it is no good."""

import json
import random
import shutil

import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import force, index, snapshot
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.landing.changing import CONTRACT as CHANGING
from jiceng_pipeline_tests.landing.changing import Platform
from jiceng_pipeline_tests.landing.standardised import conserved
from jiceng_pipeline_tests.landing.trial import CONTRACT, FIELDS

ORDER = "record_id, row_hash, source_file, source_row, first_landed, landed, landed_date, is_current"
LATER = Contract.model_validate(
    {**FIELDS, "columns": {**FIELDS["columns"], "电话": "phone"}, "ignored": ["编号", "备注"]}
)
COLUMNS = ("姓名", "证号", "编号")
LATER_COLUMNS = (*COLUMNS, "电话", "备注")


def indexed(settings, contract):
    """Return the records as a build reads them."""
    cells = ", ".join(contract.source_columns)
    with connect(settings=settings) as connection:
        rows = index.landed_rows(connection, contract, settings)
        return connection.execute(f"select {ORDER}, {cells} from ({rows}) order by all").fetchall()


def by_reading_everything(settings, contract):
    """Return the records by the plain meaning of full snapshots: the last row of each, current if in the newest."""
    taken = snapshot.snapshots(settings, contract)
    every = " union all by name ".join(
        f"select '{each.stamp}' as landed, * from read_parquet('{each.rows}')" for each in taken
    )
    cells = ", ".join(contract.source_columns)
    with connect(settings=settings) as connection:
        return connection.execute(
            f"""select _record_id, _row_hash, _file, _row, first_landed, landed,
                cast(strptime(substr(landed, 1, 15), '%Y%m%dT%H%M%S') + interval 8 hour as date),
                landed = '{taken[-1].stamp}', {cells}
            from (select *, min(landed) over (partition by _record_id) as first_landed from ({every}))
            qualify row_number() over (partition by _record_id order by landed desc) = 1
            order by all"""
        ).fetchall()


def places(settings, contract):
    return sorted((settings.cache / "landing" / contract.department / contract.system).iterdir())


@pytest.mark.parametrize("seed", range(3))
def test_with_or_without_it_the_records_are_the_same(register, seed, monkeypatch):
    chance = random.Random(seed)
    held = {}
    for day in range(12):
        monkeypatch.setenv("JICENG_NOW", f"2026-05-{day + 1:02}T20:00:00+00:00")
        for key in chance.sample(range(14), 6):
            if key in held and len(held) > 6 and chance.random() < 0.5:
                del held[key]
            else:
                held[key] = (f"人{chance.randrange(3)}", str(key % 9), f"A{key % 9}")  # some keys twice
        contract, extra = (CONTRACT, ()) if day < 5 else (LATER, (f"{day}", None))
        rows = [(*row, *extra) for row in held.values()]
        register.hold(*rows, columns=LATER_COLUMNS if extra else COLUMNS)
        assert register.pull(contract, allow_shrinking=True).status in {"landed", "unchanged"}
        if chance.random() < 0.7:  # not every pull is built from
            assert indexed(register.settings, contract) == by_reading_everything(register.settings, contract)
    expected = by_reading_everything(register.settings, LATER)
    assert indexed(register.settings, LATER) == expected
    assert {row[7] for row in expected} == {True, False}
    shutil.rmtree(register.settings.cache)
    assert indexed(register.settings, LATER) == expected


def test_what_landed_under_a_name_that_was_changed_since_is_read_under_the_new_one(register, monkeypatch):
    """A column renamed in the contract took the past of every record, and all but the key of those that had ended."""
    renamed = Contract.model_validate(
        {
            **FIELDS,
            "key": ["编号", "公民身份号码"],
            "columns": {"姓名": "name", "公民身份号码": "citizen_id"},
            "renames": {"证号": "公民身份号码"},
        }
    )

    def pulled(day, contract, *rows, columns=COLUMNS):
        monkeypatch.setenv("JICENG_NOW", f"2026-05-{day:02}T20:00:00+00:00")
        register.hold(*rows, columns=columns)
        assert register.pull(contract).status in {"landed", "unchanged"}

    def told():
        with connect(settings=register.settings) as connection:
            rows = index.landed_rows(connection, renamed, register.settings)
            found = index.versions(connection, renamed, register.settings)
            return [
                connection.execute(f"select 姓名, 公民身份号码 from ({each}) order by all").fetchall()
                for each in (rows, *([found.earlier] if found else []))
            ]

    pulled(1, CONTRACT, ("王", "1", "A"), ("李", "2", "B"))
    assert told() == [[("李", "2"), ("王", "1")]]
    pulled(2, CONTRACT, ("王五", "1", "A"))
    assert told() == [[("李", "2"), ("王五", "1")], [("李", "2"), ("王", "1")]]
    pulled(3, renamed, ("王六", "1", "A"), columns=("姓名", "公民身份号码", "编号"))
    assert told() == [[("李", "2"), ("王六", "1")], [("李", "2"), ("王", "1"), ("王五", "1")]]
    pulled(4, renamed, ("赵", "3", "C"), columns=("姓名", "公民身份号码", "编号"))
    assert told()[0] == [("李", "2"), ("王六", "1"), ("赵", "3")]


def test_increments_give_the_same_with_and_without_it(register, monkeypatch):
    chance = random.Random(5)
    with Platform() as platform:
        register.connect(**platform.address)
        for day in range(10):
            monkeypatch.setenv("JICENG_NOW", f"2026-05-{day + 1:02}T20:00:00+00:00")
            for key in chance.sample("abcdefgh", 3):
                at = f"2026-05-{day + 1:02}T12:00:00"
                if key in platform.held and len(platform.held) > 3:
                    platform.end(key, at)
                else:
                    platform.put(key, f"{key}{day}", at)
            assert register.pull(CHANGING).status == "landed"
            found = indexed(register.settings, CHANGING)
    shutil.rmtree(register.settings.cache)
    assert indexed(register.settings, CHANGING) == found
    assert {(*row[:2], *row[4:6], row[7]) for row in found} == told_one_by_one(register.settings, CHANGING)


def told_one_by_one(settings, contract):
    """Return (id, hash, first and last landed, is current) by going through the snapshots row by row."""
    records, current = {}, set()
    for each in snapshot.snapshots(settings, contract):
        rows = pq.read_table(each.rows).to_pylist()
        if not force.is_increment(each):
            current.clear()
        for row in rows:
            record = row["_record_id"]
            if row["_ended"]:
                current.discard(record)
            else:
                first = records[record][1] if record in records else each.stamp
                records[record] = (row["_row_hash"], first, each.stamp)
                current.add(record)
    return {(record, *told, record in current) for record, told in records.items()}


@pytest.fixture
def three_days(register):
    """Return the register after three pulls and a build from the first two."""
    for day in range(3):
        register.hold(("王", "1", "A"), ("李", "2", f"B{day}"), ("赵", "3", f"C{day // 2}"))
        register.pull()
        if day == 1:
            indexed(register.settings, CONTRACT)
    return register


def test_it_goes_on_from_the_one_before(three_days):
    settings = three_days.settings
    (before,) = places(settings, CONTRACT)
    taken = snapshot.snapshots(settings, CONTRACT)
    assert before.name == taken[1].name
    expected = by_reading_everything(settings, CONTRACT)
    taken[0].rows.unlink()  # nothing in force or ended on the third day is read from there
    assert indexed(settings, CONTRACT) == expected
    (after,) = places(settings, CONTRACT)
    assert after.name == taken[2].name


def spoil(place):
    path = place / index.INDEX
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def forge(place):
    meta = json.loads((place / index.META).read_text())
    (place / index.META).write_text(json.dumps({**meta, "inputs": "of another instance"}))


def cut(place):
    (place / index.META).write_text('{"inputs')


def lose(place):
    (place / index.EARLIER).unlink()


@pytest.mark.parametrize("harm", [spoil, forge, cut, lose])
def test_one_that_is_no_good_is_made_again(three_days, harm):
    expected = by_reading_everything(three_days.settings, CONTRACT)
    assert indexed(three_days.settings, CONTRACT) == expected
    (place,) = places(three_days.settings, CONTRACT)
    harm(place)
    assert indexed(three_days.settings, CONTRACT) == expected
    assert indexed(three_days.settings, CONTRACT) == expected


def test_what_is_damaged_and_has_to_be_read_stops_the_build(three_days):
    taken = snapshot.snapshots(three_days.settings, CONTRACT)
    taken[0].rows.write_bytes(taken[0].rows.read_bytes()[:-4])
    shutil.rmtree(three_days.settings.cache)
    with pytest.raises(IntegrityError, match="快照已损坏"):
        indexed(three_days.settings, CONTRACT)


def test_a_damaged_snapshot_that_landed_again_is_not_read(register):
    register.pull()
    before = indexed(register.settings, CONTRACT)
    (first,) = snapshot.snapshots(register.settings, CONTRACT)
    first.rows.write_bytes(first.rows.read_bytes()[:-10])
    with pytest.raises(IntegrityError, match="已损坏"):
        indexed(register.settings, CONTRACT)
    assert register.pull().status == "landed"
    after = indexed(register.settings, CONTRACT)
    # the same content: every record keeps the day it first came
    assert [row[:5] for row in after] == [row[:5] for row in before]
    assert conserved(register.settings, CONTRACT) == (2, 2, 0)
    register.hold(("王小二", "1", "A"), ("赵", "3", "C"))
    assert register.pull().status == "landed"
    assert [row[7] for row in indexed(register.settings, CONTRACT)].count(False) == 1


def test_a_damaged_snapshot_whose_content_is_gone_does_not_count(register):
    register.pull()
    (first,) = snapshot.snapshots(register.settings, CONTRACT)
    first.rejects.unlink()
    register.hold(("王小二", "1", "A"), ("赵", "3", "C"))
    second = register.pull()
    assert [each.name for each in force.taken(register.settings, CONTRACT)] == [second.snapshot]
    assert {row[4] for row in indexed(register.settings, CONTRACT)} == {second.snapshot[:23]}
    # and one that is damaged after that
    again = snapshot.in_force(register.settings, CONTRACT)
    again.rows.unlink()
    assert register.pull().status == "landed"
    assert len(force.taken(register.settings, CONTRACT)) == 2
    assert conserved(register.settings, CONTRACT) == (2, 2, 0)
