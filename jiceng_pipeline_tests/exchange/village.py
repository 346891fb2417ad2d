"""A published instance of a handful of people, whose versions a test writes itself."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count

import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import receiver, receiver_store, subscription
from jiceng_pipeline.exchange.delivery import deliver
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants, posts
from jiceng_pipeline.warehouse import build, publish
from jiceng_pipeline.warehouse.connection import connect, identifier

HERE, THERE, COUNTY = "320613005001", "320613005002", "320613"
LICENCE, ALLOWANCE = "market_supervision/food_licence", "civil_affairs/subsistence_allowance"
_RUNS = count()


@dataclass(frozen=True)
class Person:
    """`records` are those linked to the person, `file` has the subsistence office's; the dead are in no register."""

    id: str
    community: str = HERE
    name: str = "张小三"
    phone: str | None = "13812345678"
    subsistence: str | None = None
    records: tuple[str, ...] = ()
    died: bool = False
    born: date = date(1950, 1, 1)
    failing: tuple[str, ...] = field(default=(), kw_only=True)
    file: str = "台账.xlsx"


def publish_people(settings, people, *, without=(), disputed=()):
    """Publish a version of these people; `without` leaves columns out, `disputed` are (person, element) in doubt."""
    database = build.private(settings, f"run{next(_RUNS)}")
    with connect(database, settings=settings) as connection:
        for schema in ("returned", "governance", "matching", "quality"):
            connection.execute(f"create schema {schema}")
        elements = datasets.find(settings, "resident_register").elements
        columns = ", ".join(f"{identifier(c)} {e.sql_type}" for c, e in elements.items() if c not in without)
        connection.execute(f"create table returned.resident_register ({columns})")
        connection.execute(
            """create table governance.resident
            (resident_id varchar, community_code varchar, death_date date, birth_date date)"""
        )
        connection.execute(
            "create table matching.resident_link (record_id varchar, entity_id varchar, is_current boolean)"
        )
        connection.execute("create table quality.failure (rule_id varchar, record_key varchar)")
        connection.execute(
            "create table quality.dispute (entity varchar, entity_id varchar, element_id varchar, state varchar)"
        )
        connection.execute("create table quality.figure (system varchar, measure varchar, value double)")
        connection.execute("create table quality.rhythm (system varchar, rhythm_days int, days_since_success int)")
        for system, days in ((LICENCE, 1), (ALLOWANCE, 40)):
            connection.execute("insert into quality.rhythm values (?, 31, ?)", [system, days])
            for measure, value in (("unreadable", 0.1), ("invalid", 0.0), ("invalid", 0.2), ("nulls", 0.7)):
                connection.execute("insert into quality.figure values (?, ?, ?)", [system, measure, value])
        connection.execute("create schema standard")
        connection.execute("create table standard.business_day as select date '2026-11-24' as business_date")
        connection.execute(
            f"""create table standard.{ALLOWANCE.replace("/", "__")} (record_id varchar, is_current boolean,
            source_file varchar, source_row bigint, name varchar, citizen_id varchar)"""
        )
        for number, each in enumerate(people, 2):
            own = (f"record of {each.id}", each.file, number, each.name, f"id of {each.id[0]}")
            connection.execute(
                f"insert into standard.{ALLOWANCE.replace('/', '__')} values ($1, true, $2, $3, $4, $5)", own
            )
        for who, what in disputed:
            connection.execute("insert into quality.dispute values ('resident', ?, ?, 'open')", [who, what])
        for each in sorted(people, key=lambda p: (p.community, p.id)):
            died = date(2026, 11, 1) if each.died else None
            connection.execute(
                "insert into governance.resident values (?, ?, ?, ?)", [each.id, each.community, died, each.born]
            )
            for record in each.records or (f"record of {each.id}",):
                connection.execute("insert into matching.resident_link values (?, ?, true)", [record, each.id])
            for record in each.failing:
                connection.execute("insert into quality.failure values ('rule', ?)", [record])
            if not each.died:
                told = {
                    "community_code": each.community, "resident_id": each.id, "name": each.name,
                    "phone": each.phone, "subsistence_category_code": each.subsistence,
                    "birth_date": each.born, "sex_code": "1", "subsistence_monthly_cny": "812.50",
                    "has_diabetes": True,
                }  # fmt: skip
                kept = {column: value for column, value in told.items() if column not in without}
                marks = ", ".join("?" for _ in kept)
                connection.execute(
                    f"insert into returned.resident_register ({', '.join(kept)}) values ({marks})", list(kept.values())
                )
    facts = {"inputs": {"business_date": "2026-11-24"}, "summary": {}}
    return publish.publish(settings, database, facts).version


def subscribe(settings, name, *, granted=True, **wanted):
    """Give the subscriber a grant and put the subscription in force; deliveries go to a folder of that name."""
    wanted = {"subscriber": name, "dataset": "resident_register", "scope": COUNTY, "target": name, **wanted}
    known = yaml.safe_load(settings.subscribers.read_text()) if settings.subscribers.exists() else {}
    if wanted["target"] not in known:
        folder = settings.home / "out" / wanted["target"]
        folder.mkdir(parents=True)
        known[wanted["target"]] = {"way": "folder", "folder": str(folder)}
        settings.subscribers.write_text(yaml.safe_dump(known))
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
        if granted:
            grants.give(ledger, grant(wanted["subscriber"], wanted["scope"]))
        subscription.put(settings, ledger, Subscription(subscription_id=name, **wanted), "operator")


def in_office(ledger):
    """Let the operator do everything, and put people into the posts that the tests speak of."""
    grants.ensure_operator(ledger)
    for account, role, scope, *systems in (
        ("city", "city", "3206"), ("county", "county", COUNTY), ("street", "township", "320613005"),
        ("clerk", "clerk", HERE), ("office", "department", "*", LICENCE), ("welfare", "department", "*", ALLOWANCE),
        ("police", "department", "*", "public_security/household_register"),
        ("wardens", "department", "*", "urban_management/city_case"),
        ("housing", "department", "*", "housing/property_register"),
    ):  # fmt: skip
        posts.give(ledger, Post(account=account, role=role, scope=scope, systems=tuple(systems), given_by="operator"))


def grant(actor, scope, **changed):
    """Return a grant over the register."""
    rights = {
        "actor": actor, "scope": scope, "datasets": ("resident_register",), "profiles": ("check", "full"),
        "purposes": "*", "granted_by": "operator",
    }  # fmt: skip
    return Grant(**{**rights, **changed})


def outbox(settings, name):
    """Return the folder where a subscription's batches are put."""
    return settings.home / "out" / name


@contextmanager
def copy(settings, name):
    """Open the subscriber's copy."""
    with receiver_store.in_file(settings.home / f"{name}.duckdb") as store:
        yield store


def received(settings, name):
    """Take over what lies in the subscriber's folder, and return the copy's rows by key."""
    with copy(settings, name) as store:
        receiver.take_folder(store, outbox(settings, name))
        return rows(store, name)


def rows(store, name):
    """Return key → the row as a mapping, of a copy."""
    cursor = store.connection.execute(f"select * from target.main.{name}")
    names = [each[0] for each in cursor.description]
    found = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return {row.pop("_key"): {k: v for k, v in row.items() if k != "_batch"} for row in found}


def told(settings, name, number):
    """Return what a batch says: key → (operation, reason, other key)."""
    path = outbox(settings, name) / name / f"{number:06d}" / "rows.parquet"
    with connect() as connection:
        found = connection.execute(f"select _key, _operation, _reason, _other_key from '{path}'").fetchall()
    return {key: tuple(rest) for key, *rest in found}


def only(settings, name):
    """Deliver one subscription and return its outcome."""
    (outcome,) = deliver(settings, (name,))
    return outcome


__all__ = ["COUNTY", "HERE", "THERE", "Person", "Settings"]
