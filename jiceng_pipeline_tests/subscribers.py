"""Subscribers of an instance that lives: each has its own copy, compared every evening with what it may see."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import receiver, receiver_store, subscription
from jiceng_pipeline.exchange.delivery import deliver
from jiceng_pipeline.exchange.delivery_batch import FILES
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.subscription import Condition, Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import datasets, grants, masks
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect, identifier

PURPOSE = "业务协同"
OLD = "1951-12-31"


@dataclass(frozen=True)
class Seen:
    """What one subscriber was told one evening, and how many rows of its copy are not as they should be."""

    subscriber: str
    state: str
    batches: int
    rows: int
    differing: int
    operations: Counter = field(default_factory=Counter)
    reason: str = ""


class Subscribers:
    """Subscriptions of every kind, made at the first evening."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.folder = settings, settings.home / "subscribers"
        self.wanted = {each.subscription_id: each for each in _wanted(settings)}
        targets = {name: {"way": "folder", "folder": str(self._at(name))} for name in self.wanted}
        settings.subscribers.write_text(yaml.safe_dump(targets))
        with open_ledger(settings) as ledger:
            grants.ensure_operator(ledger)
            for name, each in self.wanted.items():
                self._at(name).mkdir(parents=True)
                given = Grant(
                    actor=name, scope=each.scope, datasets=(each.dataset,), profiles=("check", "full"),
                    purposes=(PURPOSE,), granted_by="operator",
                )  # fmt: skip
                grants.give(ledger, given)
                subscription.put(settings, ledger, each, "operator")

    def evening(self) -> list[Seen]:
        """Deliver, take over, and compare."""
        outcomes = {each.subscription_id: each for each in deliver(self.settings)}
        found = []
        for name, each in self.wanted.items():
            with receiver_store.in_file(self.copy(name)) as store:
                before = store.have(name).number
                receiver.take_folder(store, self._at(name))
                told = self._told(store.connection, name, before)
            outcome = outcomes[name]
            differing, reason = self.differing(each), outcome.reason
            found.append(Seen(name, outcome.state, outcome.batches, outcome.rows, differing, told, reason))
        return found

    def copy(self, name: str) -> Path:
        """Return the file of a subscriber's copy."""
        return self._at(name).with_suffix(".duckdb")

    def batches(self, name: str) -> list[Path]:
        """Return every batch a subscriber was given."""
        return sorted(path for path in (self._at(name) / name).iterdir() if path.is_dir())

    def differing(self, wanted: Subscription, copy: Path | None = None) -> int:
        """Return how many rows are in the copy or in what may be seen, but not in both."""
        version = publish.current(self.settings)
        dataset = datasets.find(self.settings, wanted.dataset)
        names = dataset.columns if wanted.elements == "*" else [c for c in dataset.columns if c in wanted.elements]
        shown = ", ".join(
            f"{masks.masking(dataset.elements[c], wanted.profile).sql(identifier(c))} as {identifier(c)}" for c in names
        )
        scope = "true" if wanted.scope == "*" else f"community_code like {literal(wanted.scope + '%')}"
        old = f"birth_date <= date '{OLD}'" if wanted.conditions else "true"
        files = {"now": version.database, "copy": copy or self.copy(wanted.subscription_id)}
        with connect(settings=self.settings, attach=files) as connection:
            should = f"select {shown} from now.{dataset.table} where {scope} and {old}"
            does = f"select {', '.join(map(identifier, names))} from copy.main.{wanted.subscription_id}"
            return connection.execute(
                f"select count(*) from (({should} except all {does}) union all ({does} except all {should}))"
            ).fetchall()[0][0]

    def _at(self, name: str) -> Path:
        return self.folder / name

    def _told(self, connection, name: str, before: int) -> Counter:
        files = [str(path / FILES["parquet"]) for path in self.batches(name) if int(path.name) > before]
        if not files:
            return Counter()
        told = f"select _operation || ' ' || _reason, count(*) from read_parquet({files}) group by 1"
        return Counter(dict(connection.execute(told).fetchall()))


def _wanted(settings: Settings) -> list[Subscription]:
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        largest = connection.execute(
            """select community_code from returned.resident_register
            group by 1 order by count(*) desc, 1 limit 1"""
        ).fetchall()[0][0]
    full = {"profile": "full", "purpose": PURPOSE}
    old = Condition(element="birth_date", test="at_most", values=(OLD,))
    told = {
        "county_people": {"dataset": "resident_register", "scope": largest[:6], **full},
        "village_people": {"dataset": "resident_register", "scope": largest},
        "old_people": {
            "dataset": "resident_register", "scope": largest[:9], "conditions": (old,), **full,
            "elements": ("resident_id", "community_code", "name", "birth_date", "phone"),
        },
        "households": {"dataset": "household_register", "scope": largest[:9]},
        "firms": {"dataset": "enterprise_register", "scope": "*", **full},
        "dwellings": {"dataset": "dwelling_register", "scope": largest[:4]},
        "doubts": {"dataset": "to_verify", "scope": largest[:6]},
    }  # fmt: skip
    return [
        Subscription(subscription_id=name, subscriber=name, target=name, **{"purpose": PURPOSE, **each})
        for name, each in told.items()
    ]
