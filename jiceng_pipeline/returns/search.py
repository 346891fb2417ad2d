"""查找 (search): a resident, household, dwelling or enterprise of one division, by what somebody remembers of it.

By name, by the first letters of a name's pinyin, by part of an address, by the last digits of a phone or an id
number. What is typed is compared with values that the answer shows masked, so it has to be known already: the tail of
an id number counts from six digits on, since four could be tried out, and every search is audited. What is typed is
kept nowhere; the audit has a keyed hash, by which the same search is recognised.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import duckdb

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.audit import Channel
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import datasets, masks
from jiceng_pipeline.returns.access import Access, Entity, authorise, failed, served
from jiceng_pipeline.returns.wording import in_words
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import identifier
from jiceng_pipeline.warehouse.publish import Version

LONGEST, MOST = 40, 50
_TAIL: Final = {"phone": 4, "citizen_id": 6, "credit_code": 6}
_DIGITS = re.compile(r"[0-9]{4,18}[xX]?")
_LETTERS = re.compile(r"[a-z]{2,30}")


@dataclass(frozen=True)
class _Kind:
    """Where entities of one kind are looked for: the returned dataset, its key, what an answer shows of each."""

    dataset: str
    key: str
    shown: tuple[str, ...]


KINDS: Mapping[Entity, _Kind] = {
    "resident": _Kind(
        "resident_register",
        "resident_id",
        ("name", "sex_code", "birth_date", "phone", "dwelling_address", "registered_address"),
    ),
    "household": _Kind(
        "household_register", "household_id", ("head_name", "household_address", "head_phone", "member_count")
    ),
    "enterprise": _Kind(
        "enterprise_register",
        "enterprise_id",
        ("enterprise_name", "legal_representative_name", "business_address", "phone", "enterprise_status_code"),
    ),
    "dwelling": _Kind("dwelling_register", "address_id", ("standard_address", "living_count", "is_vacant")),
}


@dataclass(frozen=True)
class Hit:
    """One entity that was found; `cells` are column → masked value in words."""

    entity: Entity
    entity_id: str
    community_code: str
    community_name: str
    cells: Mapping[str, str | None]


@dataclass(frozen=True)
class Found:
    """What a search found, the best first; `has_more`: there are more than are listed."""

    hits: Sequence[Hit]
    has_more: bool
    receipt: str


def find(
    settings: Settings,
    ledger: Ledger,
    connection: duckdb.DuckDBPyConnection,
    version: Version,
    *,
    actor: str,
    scope: str,
    text: str,
    entity: Entity = "resident",
    profile: str = "check",
    purpose: str | None = None,
    channel: Channel = "page",
    limit: int = 20,
) -> Found:
    """Return the entities of one kind in the division that fit the text, masked.

    Raise UsageError where nothing was typed, AccessDenied where no grant covers it.
    """
    masks.of_rows(profile)
    wanted = _plain(text)
    if not wanted:
        raise UsageError("没有写要找什么", where="查找", cure="写姓名、拼音首字母、地址，或号码的后几位")
    kind, most = KINDS[entity], max(1, min(limit, MOST))
    access = authorise(
        ledger, actor, datasets.find(settings, kind.dataset), scope, profile, purpose,
        action="search", version=version.name, channel=channel, term=_hash(settings, wanted),
        as_of=version.manifest.get("inputs", {}).get("business_date"),
    )  # fmt: skip
    try:
        hits = _hits(connection, access, entity, wanted, most + 1)
    except duckdb.Error:
        failed(ledger, access)
        raise UsageError("查找没有成功", where="查找", cure="换个写法再试") from None
    served(ledger, access, min(len(hits), most), [hit.entity_id for hit in hits[:most]])
    return Found(hits[:most], len(hits) > most, access.receipt)


def _hits(
    connection: duckdb.DuckDBPyConnection, access: Access, entity: Entity, wanted: str, most: int
) -> Sequence[Hit]:
    kind = KINDS[entity]
    table = f"returned.{kind.dataset}"
    fitting = list(_fitting(access, wanted))
    if not fitting:
        return []
    shown = [name for name in kind.shown if name in access.maskings and access.maskings[name] is not masks.HIDDEN]
    cells = ", ".join(
        f"cast({in_words(each, access.maskings[each.id].sql(identifier(each.id)), {})} as varchar)"
        for each in map(element, shown)
    )
    # the better the fit, the smaller the number
    fit = "case " + " ".join(f"when {sql} then {number}" for number, sql in fitting) + " end"
    first, key = identifier(kind.shown[0]), identifier(kind.key)
    rows = connection.execute(
        f"""select {key}, community_code, community_name{", " + cells if cells else ""}
        from (select *, {fit} as fit from {table} where {access.where()})
        where fit is not null order by fit, {first}, {key} limit {most}""",
        {"wanted": wanted, **({"spoken": _spoken(connection, access, table, wanted)} if "$spoken" in fit else {})},
    ).fetchall()
    return [Hit(entity, row[0], row[1], row[2], dict(zip(shown, row[3:], strict=True))) for row in rows]


def _fitting(access: Access, wanted: str) -> Iterator[tuple[int, str]]:
    """Yield how well and by which SQL over `$wanted` a row fits, for each column that is shown at all."""
    is_number, is_pinyin = bool(_DIGITS.fullmatch(wanted)), bool(_LETTERS.fullmatch(wanted))
    for name, masking in access.maskings.items():
        each, column = element(name), identifier(name)
        if masking is masks.HIDDEN:
            continue
        if each.type in _TAIL:
            if is_number and len(wanted) >= _TAIL[each.type]:
                yield 1, f"ends_with({column}, upper($wanted))"
        elif each.type == "name":
            yield 1, f"{column} = $wanted"
            yield 2, f"contains(lower({column}), $wanted)"
            if is_pinyin:
                yield 3, f"list_contains($spoken, {column})"
        elif each.type in {"address", "organisation_name"}:
            yield 4, f"contains(lower({column}), $wanted)"


def _spoken(connection: duckdb.DuckDBPyConnection, access: Access, table: str, wanted: str) -> list[str]:
    """Return the names of the division whose pinyin begins so, or whose syllables begin with these letters.

    Asked on its own: inside the search DuckDB takes half a million names of a city apart for it.
    """
    initials = "^" + " ".join(f"{letter}[^ ]*" for letter in wanted)
    named = " union all ".join(
        f"select {identifier(name)} as name from {table} where {access.where()}"
        for name in access.maskings
        if element(name).type == "name"
    )
    rows = connection.execute(
        f"""with near as materialized (
            select name, reading, spoken from standard.name_reading where name in ({named}))
        select name from near where regexp_matches(reading, {literal(initials)})
            or starts_with(spoken, {literal(wanted)})"""
    ).fetchall()
    return [name for (name,) in rows]


def _plain(text: str) -> str:
    """Return what was typed, in half-width small letters without what cannot be seen."""
    folded = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())
    seen = "".join(sign if sign.isprintable() else " " for sign in folded)
    return " ".join(seen.split())[:LONGEST].casefold()


def _hash(settings: Settings, wanted: str) -> str:
    return hmac.new(settings.secret.encode(), wanted.encode(), sha256).hexdigest()[:32]
