import gzip
import json

import pyarrow.parquet as pq
import pytest

from jiceng_pipeline.core.progress import listening
from jiceng_pipeline.departments.contract import Contract, contracts
from jiceng_pipeline.landing import identity, outcome, snapshot
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline_tests.landing.trial import CONTRACT, FIELDS


def test_a_delivery_lands_whole(register):
    found = register.pull()
    assert (found.status, found.rows_in, found.rows_accepted, found.rows_rejected) == ("landed", 2, 2, 0)
    assert found.schema == ("姓名", "证号", "编号")
    assert found.bytes == register.path.stat().st_size
    taken = snapshot.in_force(register.settings, CONTRACT)
    assert taken.name == found.snapshot == f"{taken.stamp}-{found.content_hash[:12]}"
    assert sorted(path.name for path in taken.rows.parent.iterdir()) == [
        "rejects.parquet",
        "rows.parquet",
        "snapshot.json",
    ]
    assert pq.read_schema(taken.rows).names == ["_record_id", "_row_hash", "_file", "_row", "姓名", "证号", "编号"]
    assert {str(kind) for kind in pq.read_schema(taken.rows).types} == {"string", "int64"}
    assert [(row["_file"], row["_row"], row["姓名"]) for row in register.landed()] == [
        ("register.db T", 1, "王小二"),
        ("register.db T", 2, "李四"),
    ]
    assert taken.meta["rows_in"] == 2
    assert json.loads((taken.rows.parent / "snapshot.json").read_text())["key"] == ["编号", "证号"]
    snapshot.verify(taken)


def test_ids_are_the_keyed_hash_of_system_and_key(register):
    register.hold(("王", None, "A"), ("李", "", "B"))
    register.pull()
    secret = register.settings.secret
    assert [row["_record_id"] for row in register.landed()] == [
        identity.record_id(secret, "civil_affairs/trial", ["A", None]),
        identity.record_id(secret, "civil_affairs/trial", ["B", ""]),
    ]


def test_the_same_content_makes_no_new_snapshot(register):
    first = register.pull()
    before = register.files()
    second = register.pull()
    assert (second.status, second.snapshot, second.rows_in) == ("unchanged", first.snapshot, 2)
    assert second.content_hash == first.content_hash
    after = register.files()
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1  # the second outcome


def test_the_order_of_rows_is_no_content(register):
    register.pull()
    register.hold(("李四", "2", "B"), ("王小二", "1", "A"))
    assert register.pull().status == "unchanged"


@pytest.mark.parametrize(
    "rows",
    [
        [("王小二", "1", "A"), ("李四", "3", "B")],
        [("王小二", "1", "A"), ("李四", "2", "b")],
        [("王小二", "1", "A"), ("李四 ", "2", "B")],
        [("王小二", "1", "A"), (None, "2", "B")],
        [("王小二", "1", "A"), ("", "2", "B")],
        [("李四", "1", "A"), ("王小二", "2", "B")],
        [("王小二", "1", "A")],
        [("王小二", "1", "A"), ("李四", "2", "B"), ("李四", "2", "B")],
        [("王小二", "1", "A"), ("王小二", "1", "A"), ("李四", "2", "B")],
        [("王小二", "1", "A"), ("李四", "2", "B"), ("赵", None, None)],
    ],
)
def test_any_change_of_content_makes_a_snapshot(register, rows):
    first = register.pull()
    register.hold(*rows)
    second = register.pull()
    assert second.status == "landed"
    assert second.content_hash != first.content_hash
    assert [taken.name for taken in snapshot.snapshots(register.settings, CONTRACT)] == [
        first.snapshot,
        second.snapshot,
    ]


def test_null_is_not_the_empty_text(register):
    register.hold(("", "1", "A"), (None, "1", "B"))
    register.pull()
    empty, null = register.landed()
    assert (empty["姓名"], null["姓名"]) == ("", None)
    assert empty["_row_hash"] != null["_row_hash"]


def test_another_key_in_the_contract_makes_other_ids_and_so_a_snapshot(register):
    register.pull()
    changed = Contract.model_validate({**FIELDS, "key": ["编号"]})
    assert register.pull(changed).status == "landed"


def test_rows_without_a_key_are_rejected(register):
    register.hold(("王", "1", "A"), ("甲", None, None), ("乙", "  ", "\u3000\t"), ("丙", "", "C"))
    found = register.pull()
    assert (found.rows_in, found.rows_accepted, found.rows_rejected) == (4, 2, 2)
    assert register.rejects() == [
        {"_file": "register.db T", "_row": 2, "reason": "缺少主键"},
        {"_file": "register.db T", "_row": 3, "reason": "缺少主键"},
    ]


def test_doubled_keys_get_ordinals_by_content_that_stay(register):
    rows = [("王一", "1", "A"), ("王二", "1", "A"), ("王一", "1", "A"), ("李", "2", "B")]
    register.hold(*rows)
    assert register.pull().rows_accepted == 4
    secret = register.settings.secret
    possible = [identity.record_id(secret, CONTRACT.name, ["A", "1"], ordinal) for ordinal in (1, 2, 3)]
    first = register.landed()
    doubled = sorted((row for row in first if row["编号"] == "A"), key=lambda row: (row["_row_hash"], row["_row"]))
    assert [row["_record_id"] for row in doubled] == possible
    assert len({row["_record_id"] for row in first}) == 4
    assert [row["姓名"] for row in first] == [name for name, _, _ in rows]

    register.hold(*reversed(rows), ("赵", "3", "C"))
    register.pull()
    by_id = {row["_record_id"]: row["姓名"] for row in register.landed()}
    assert all(by_id[row["_record_id"]] == row["姓名"] for row in first)


def test_doubled_keys_across_many_rows(register):
    count = 120_000
    register.hold(*((f"人{i}", str(i % (count // 2)), "A") for i in range(count)))
    found = register.pull()
    rows = register.landed()
    assert found.rows_accepted == len(rows) == count
    assert len({row["_record_id"] for row in rows}) == count
    assert [row["姓名"] for row in rows] == [f"人{i}" for i in range(count)]


def test_a_known_rename_lands_under_our_name(register):
    first = register.pull()
    register.hold(("王小二", "1", "A"), ("李四", "2", "B"), columns=("姓名", "公民身份号码", "编号"))
    found = register.pull()
    assert (found.status, found.snapshot) == ("unchanged", first.snapshot)
    assert found.notes == {"renamed": "公民身份号码→证号"}


def test_the_same_roll_under_todays_file_name_is_no_news(register, tmp_path):
    layout = {"files": "roll_*.txt.gz", "trailer_mark": "T", "fields": {"姓名": 10, "证号": 4, "编号": 4}}
    contract = Contract.model_validate({**FIELDS, "connector": {"kind": "fixed_width", "options": layout}})
    register.connect(folder=str(tmp_path))
    line = b"D" + "王小二".encode("gb18030").ljust(10) + b"1   A   "
    for day, broken, status in [
        ("1", b"", "landed"),
        ("2", b"", "unchanged"),
        ("3", b"D?\n", "landed"),
        ("4", b"", "landed"),
    ]:
        lines = line + b"\n" + broken + b"T%010d\n" % (2 if broken else 1)
        (tmp_path / f"roll_{day}.txt.gz").write_bytes(gzip.compress(lines))
        found = register.pull(contract)
        assert (found.status, found.rows_in) == (status, 2 if broken else 1), found.error


def test_progress_is_reported(register):
    steps = []
    with listening(steps.append):
        register.pull()
    assert [(step.stage, step.subject, step.rows, step.total) for step in steps] == [("pull", "试验登记", 2, 2)]


def test_a_damaged_snapshot_is_landed_again(register):
    first = register.pull()
    taken = snapshot.in_force(register.settings, CONTRACT)
    taken.rows.write_bytes(taken.rows.read_bytes()[:-10])
    second = register.pull()
    assert second.status == "landed"
    assert second.snapshot > first.snapshot
    snapshot.verify(snapshot.in_force(register.settings, CONTRACT))


@pytest.mark.parametrize("name", contracts())
def test_every_simulated_system_lands_and_is_conserved(home, name):
    contract = contracts()[name]
    first, second = pull(contract, home), pull(contract, home)
    assert (first.status, second.status) == ("landed", "unchanged"), first.error
    assert first.rows_in == first.rows_accepted + first.rows_rejected > 0
    assert outcome.latest(home, contract) == second
    rows = pq.read_table(snapshot.in_force(home, contract).rows)
    assert rows.num_rows == first.rows_accepted
    assert len(rows["_record_id"].unique()) == rows.num_rows
    ended = [snapshot.ENDED] if contract.delivery.kind == "incremental" else []  # what a later increment may end
    assert rows.schema.names[4:] == [*contract.source_columns, *ended]
