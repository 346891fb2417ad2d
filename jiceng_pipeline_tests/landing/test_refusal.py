"""What a source sends instead of data: the last good snapshot stays, and the outcome says what to do."""

import json
import sqlite3

import pytest

from jiceng_pipeline.core.errors import StorageFailure
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import outcome, snapshot
from jiceng_pipeline.landing.arrival import Arrival
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.connectors.interface import TOKEN, Interface, says, status
from jiceng_pipeline_tests.landing.trial import COLUMNS, CONTRACT, FIELDS

CANARY_NAME, CANARY_ID = "欧阳canary", "320602195001011234"


@pytest.fixture
def landed(register):
    """Return the register after a good pull of ten people, and what then lay in landing."""
    register.hold(*((CANARY_NAME, CANARY_ID, str(number)) for number in range(10)))
    assert register.pull().status == "landed"
    return register


def kept(register, before):
    """Assert that nothing changed but for one more outcome; return that outcome as written."""
    after = register.files()
    assert {name: after[name] for name in before} == before
    (written,) = after.keys() - before.keys()
    assert written.startswith("outcomes/")
    found = json.loads(after[written])
    assert found["status"] == "failed"
    assert found["snapshot"] == snapshot.in_force(register.settings, CONTRACT).name
    assert (found["rows_in"], found["rows_accepted"], found["rows_rejected"]) == (0, 0, 0)
    for part in ("what", "where", "cure"):
        assert found["error"][part]
    return found["error"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (("姓名", "身份证", "编号"), "缺少列 证号；多出列 身份证"),
        (("姓名", "证号", "编号", "工资"), "多出列 工资"),
        (("姓名", "编号"), "缺少列 证号"),
        (("姓名", "证号", "公民身份号码", "编号"), "重复列 证号"),
    ],
)
def test_a_changed_column_keeps_the_last_snapshot(landed, columns, words):
    before = landed.files()
    landed.hold(*[("王",) * len(columns)] * 10, columns=columns)
    found = landed.pull()
    error = kept(landed, before)
    assert error["kind"] == "SourceRejected"
    assert words in error["what"]
    assert error["where"] == "register.db T"
    assert found == outcome.latest(landed.settings, CONTRACT)


def test_an_empty_delivery_is_refused(landed):
    before = landed.files()
    landed.hold()
    landed.pull()
    assert "空文件" in kept(landed, before)["what"]


def test_an_empty_first_delivery_is_refused_too(register):
    register.hold()
    found = register.pull()
    assert (found.status, found.snapshot) == ("failed", None)
    assert "空文件" in found.error["what"]


def test_a_delivery_without_one_usable_row_is_refused(landed):
    before = landed.files()
    landed.hold(*[("王", None, "")] * 10)
    landed.pull()
    assert "10 行全部读不出来（缺少主键）" in kept(landed, before)["what"]


def test_half_a_delivery_is_refused_unless_it_was_announced(landed):
    before = landed.files()
    landed.hold(*((CANARY_NAME, CANARY_ID, str(number)) for number in range(4)))
    landed.pull()
    assert "只有 4 行可用，上次有 10 行" in kept(landed, before)["what"]
    announced = landed.pull(allow_shrinking=True)
    assert (announced.status, announced.rows_accepted) == ("landed", 4)
    assert landed.pull().status == "unchanged"


def test_just_half_is_believed(landed):
    landed.hold(*((CANARY_NAME, CANARY_ID, str(number)) for number in range(5)))
    assert landed.pull().status == "landed"


def test_a_source_that_is_away_may_be_tried_again(landed):
    before = landed.files()
    landed.path.rename(landed.path.with_suffix(".away"))
    landed.pull()
    assert kept(landed, before)["kind"] == "SourceUnreachable"
    landed.path.with_suffix(".away").rename(landed.path)
    assert landed.pull().status == "unchanged"


@pytest.mark.parametrize(
    "text", [None, "civil_affairs/other: {file: x}\n", "- a\n- b\n", "a: [\n", "civil_affairs/trial: x\n"]
)
def test_a_connections_file_that_does_not_help(landed, text):
    before = landed.files()
    landed.settings.connections.unlink()
    if text is not None:
        landed.settings.connections.write_text(text)
    landed.pull()
    error = kept(landed, before)
    assert error["kind"] == "SourceUnreachable"
    assert "connections.yaml" in error["where"]


def test_a_contract_with_wrong_options_fails_alone(landed):
    before = landed.files()
    wrong = {"kind": "sql", "options": {"table": "T", "tabel": "U"}}
    landed.pull(Contract.model_validate({**FIELDS, "connector": wrong}))
    error = kept(landed, before)
    assert error["kind"] == "DefinitionError"
    assert "tabel" in error["what"]


def test_what_nobody_foresaw_fails_alone_and_says_where(landed, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError(f"library trouble with '{CANARY_NAME}' and {CANARY_ID}")

    before = landed.files()
    monkeypatch.setattr(sqlite3, "connect", broken)
    landed.pull()
    error = kept(landed, before)
    assert error["kind"] == "JicengError"
    assert error["where"].startswith("sqlite.py:")
    assert "library trouble" in error["what"]
    assert "canary" not in error["what"]
    assert CANARY_ID not in error["what"]


@pytest.fixture
def asked(landed):
    """Return the register, now behind an HTTP interface, its contract and the interface."""
    options = {"path": "/r", "total": "total", "page_size": 5, "attempts": 1}
    contract = Contract.model_validate({**FIELDS, "connector": {"kind": "http_json", "options": options}})
    with Interface() as interface:
        interface.records = [dict(zip(COLUMNS, (CANARY_NAME, CANARY_ID, str(i)), strict=True)) for i in range(10)]
        landed.connect(**interface.address)
        yield landed, contract, interface


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (status(503), "SourceUnreachable", "HTTP 503"),
        (status(401), "SourceUnreachable", "登录"),
        (says(b"<html>error</html>"), "SourceRejected", "不是 JSON"),
        (says({"code": 1, "message": f"{CANARY_NAME} {CANARY_ID}"}), "SourceRejected", "code=1"),
        (says({"code": 0, "total": 2, "data": [{CANARY_NAME: CANARY_ID}, {CANARY_ID: 1}]}), "SourceRejected", "缺少列"),
    ],
)
def test_an_interface_that_fails(asked, fault, kind, words):
    register, contract, interface = asked
    before = register.files()
    interface.faults = [fault]
    register.pull(contract)
    error = kept(register, before)
    assert error["kind"] == kind
    assert words in error["what"]


def test_an_interface_that_fails_in_the_middle(asked):
    register, contract, interface = asked
    before = register.files()
    interface.faults = [says(interface.page(1, 5)), status(500)]
    register.pull(contract)
    kept(register, before)
    assert register.pull(contract).status == "unchanged"


def test_an_interface_that_promises_more_than_it_has(asked):
    register, contract, interface = asked
    interface.total = 12
    before = register.files()
    register.pull(contract)
    assert "12" in kept(register, before)["what"]


def test_no_outcome_ever_holds_a_value_or_a_secret(asked):
    register, contract, interface = asked
    for fault in (says({"code": 0, "data": CANARY_ID}), says({"x": CANARY_NAME}), says([CANARY_NAME]), status(500)):
        interface.faults = [fault]
        register.pull(contract)
    register.hold(*[(CANARY_NAME, CANARY_ID, CANARY_NAME)] * 3)
    register.connect(file=str(register.path))
    register.pull()
    register.connect(url=f"postgresql://{CANARY_NAME}:{TOKEN}@127.0.0.1:1/{CANARY_ID}")
    register.pull(Contract.model_validate({**FIELDS, "connector": {"kind": "sql", "options": {"table": "t"}}}))
    written = [path.read_text("utf-8") for path in register.folder.rglob("*.json")]
    assert len(written) >= 7
    for canary in (CANARY_NAME, "canary", CANARY_ID, TOKEN, register.settings.secret):
        assert not [text for text in written if canary in text]


def test_a_full_disk_is_no_fault_of_the_source(register, tmp_path):
    (tmp_path / "rows.parquet").symlink_to("/dev/full")
    with pytest.raises(StorageFailure) as caught, connect(tmp_path / "scratch.duckdb") as engine:
        Arrival(CONTRACT, "secret", tmp_path, engine).finish()
    assert "腾出磁盘空间" in caught.value.cure
