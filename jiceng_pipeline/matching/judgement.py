"""人工判定 (judgement): what a person may say of records, checked against a published version, one event each.

The command line and the portal call these; whether that person may is for them to ask. `verdicts` says what
of it stands, and the next sync acts on it.
"""

from collections.abc import Mapping, Sequence

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kind import checked
from jiceng_pipeline.ledger.kinds.decision import Decision, Verdict
from jiceng_pipeline.ledger.kinds.freeze import Freeze
from jiceng_pipeline.ledger.kinds.move import Move
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.matching import frozen, review, survivorship, verdicts
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.standard import register
from jiceng_pipeline.standard.register import ENTITIES, Element

_WHERE = "人工判定"


def kind_of(connection: duckdb.DuckDBPyConnection, records: Sequence[str], entity: str | None = None) -> str:
    """Return the kind of entity these records are of, which is `entity` where that is given.

    Raise UsageError for a record that is not there, for two of one and the same, for different kinds, and for
    households: these follow the register's numbers and the families of other systems, and no word on them is acted on.
    """
    if entity == "household":
        raise UsageError(
            "户不单独判定", where=_WHERE, cure="户随公安户号和各系统的家庭；判定成员的记录，或请公安改正户号"
        )
    if len(set(records)) < len(records):
        raise UsageError("同一条记录给了两次", where=_WHERE, cure="给出不同的 record_id")
    kinds = {record: _kind(connection, record) for record in records}
    if len(set(kinds.values())) > 1:
        told = "、".join(dict.fromkeys(_title(kind) for kind in kinds.values()))
        raise UsageError(f"这些记录不是同一类（{told}）", where=_WHERE, cure="只能判定同类的记录")
    found = kinds[records[0]]
    if entity is not None and entity != found:
        raise UsageError(f"这是{_title(found)}的记录，不是 {entity} 的", where=records[0], cure="改正 entity 或记录")
    return found


def decide(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    ledger: Ledger,
    verdict: Verdict,
    pair: tuple[str, str],
    reason: str,
    actor: str,
    entity: str | None = None,
) -> Event:
    """Record that two records are the same, are different, or that nobody can tell."""
    kind = kind_of(connection, pair, entity)
    first, second = sorted(pair)
    asks_again = verdict == "unsure" and kind in matchings()
    body = {
        "entity": kind,
        "record_id_a": first,
        "record_id_b": second,
        "verdict": verdict,
        "reason": _said(reason),
        "seen": review.seen(connection, settings, kind, first, second) if asks_again else None,
    }
    return _append(ledger, "decision", body, actor)


def move(
    connection: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    record: str,
    away_from: str,
    to: str,
    reason: str,
    actor: str,
    entity: str | None = None,
) -> Event:
    """Record that one record belongs with `to` and not with `away_from`; one event, taken back as one."""
    body = {
        "entity": kind_of(connection, (record, away_from, to), entity),
        "record_id": record,
        "from_record_id": away_from,
        "to_record_id": to,
        "reason": _said(reason),
    }
    return _append(ledger, "move", body, actor)


def freeze(
    connection: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    record: str,
    element_id: str,
    value: str | None,
    reason: str,
    actor: str,
) -> Event:
    """Record that of the person (enterprise) this record is of, one value stands; None: the one the record has.

    Raise UsageError, never with the value in it, where it is no value of that element, or a number that
    makes an entity and that none of this one's records has.
    """
    entity, element = _cell(connection, record, element_id)
    if value is None or not value.strip():
        standard = _held(connection, entity, record, element_id)
        if standard is None:
            raise UsageError(f"这条记录没有{element.title}", where=record, cure="给出要固定的值")
    else:
        standard = frozen.standard_value(connection, element, value)
        if standard is None:
            raise UsageError(
                f"不是{element.title}的合法取值", where=element_id, cure=f"按数据元登记簿填写：{element.definition}"
            )
    if element_id == matchings()[entity].identifier and not _is_own(connection, entity, record, standard):
        raise UsageError(
            f"这个对象没有一条记录写的是这个{element.title}",
            where=element_id,
            cure="号码不能另定：先用 same 或 different 判定记录，或请来源部门改正",
        )
    return _freeze(ledger, entity, record, element_id, standard, reason, actor)


def deny(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, record: str, element_id: str, reason: str, actor: str
) -> Event:
    """Record that of the person (enterprise) this record is of no value stands, whatever systems say.

    As where the police have somebody as dead who lives. Raise UsageError where it is the number that makes an entity.
    """
    entity, element = _cell(connection, record, element_id)
    if element_id == matchings()[entity].identifier:
        raise UsageError(
            f"{element.title}不能否定", where=element_id, cure="用 different 判定记录，或请来源部门改正号码"
        )
    return _freeze(ledger, entity, record, element_id, None, reason, actor)


def undo(ledger: Ledger, seq: int, reason: str, actor: str) -> Event:
    """Take back decision, move or freeze number `seq`, however many came after it: it counts as never made.

    Raise UsageError where that number is none of these, or was taken back before.
    """
    if next(ledger.events("retraction", after=seq - 1, until=seq), None):
        raise UsageError(f"账本第 {seq} 条本身就是撤回", where=_WHERE, cure="撤回不能再撤回；重新判定一次")
    act = next((act for act in verdicts.acts(ledger) if act.seq == seq), None)
    if act is None:
        raise UsageError(f"账本第 {seq} 条不是人工判定", where=_WHERE, cure="用列出的判定编号")
    if act.state == "undone":
        raise UsageError(f"账本第 {seq} 条已经撤回", where=_WHERE, cure="不用再撤；要恢复就重新判定一次")
    body = checked("retraction", {"seq": seq, "reason": _said(reason)})
    return ledger.append("retraction", str(seq), body, actor, once=True)


def _cell(connection: duckdb.DuckDBPyConnection, record: str, element_id: str) -> tuple[str, Element]:
    entity, element = kind_of(connection, (record,)), register.element(element_id)
    if element not in survivorship.elements(entity):
        raise UsageError(
            f"{_title(entity)}的记录没有数据元“{element.title}”", where=element_id, cure="给出来源记录有的数据元"
        )
    return entity, element


def _freeze(
    ledger: Ledger, entity: str, record: str, element_id: str, value: str | None, reason: str, actor: str
) -> Event:
    body = {
        "entity": entity,
        "record_id": record,
        "element_id": element_id,
        "value": value,
        "reason": _said(reason),
    }
    return _append(ledger, "freeze", body, actor)


def _append(ledger: Ledger, kind: str, said: Mapping[str, str | None], actor: str) -> Event:
    body = checked(kind, said)
    assert isinstance(body, Decision | Move | Freeze)
    return ledger.append(kind, body.subject, body, actor)


def _kind(connection: duckdb.DuckDBPyConnection, record: str) -> str:
    for entity in matchings():
        if connection.execute(f"select 1 from matching.{entity}_link where record_id = ? limit 1", [record]).fetchall():
            return entity
    raise UsageError("没有这条记录", where=record, cure="从核对清单、问题单或来源中取 record_id")


def _title(entity: str) -> str:
    return next((title for name, title in ENTITIES.items() if name == entity), entity)


def _said(reason: str) -> str:
    return " ".join(reason.split())


def _held(connection: duckdb.DuckDBPyConnection, entity: str, record: str, element_id: str) -> str | None:
    rows = connection.execute(
        f"select cast({element_id} as varchar) from matching.{entity}_candidate where record_id = ?", [record]
    ).fetchall()
    return rows[0][0] if rows else None


def _is_own(connection: duckdb.DuckDBPyConnection, entity: str, record: str, number: str) -> bool:
    return bool(
        connection.execute(
            f"""select 1 from matching.{entity}_candidate
            where {matchings()[entity].identifier} = ? and entity_id in (
                select entity_id from matching.{entity}_link where record_id = ?) limit 1""",
            [number, record],
        ).fetchall()
    )
