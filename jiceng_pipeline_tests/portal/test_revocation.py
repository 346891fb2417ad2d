"""A grant that has ended opens nothing any more, on any path out of the program, and the refusal is in the audit."""

from datetime import date

import pytest
import yaml

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.errors import AccessDenied
from jiceng_pipeline.exchange import delivery, delivery_outbox, light_app_page, subscription
from jiceng_pipeline.ledger.kinds.grant import Grant
from jiceng_pipeline.ledger.kinds.intake import Intake
from jiceng_pipeline.ledger.kinds.outbox import Outbox
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import collected, grants, package, query
from jiceng_pipeline_tests.portal import routes

ACCOUNT, REGISTER, APP = "borrower", "resident_register", "elderly_living_alone_visit"
SYSTEM = "civil_affairs/subsistence_allowance"
STREAM = delivery_outbox.stream(SYSTEM)


class Borrower:
    """An account with one grant, a system with another; every path by which data reaches them."""

    def __init__(self, site, folder, monkeypatch):
        from django.contrib.auth.models import User

        from jiceng_pipeline.portal import accounts, tokens

        own = {"HOME": site.settings.home, "MEMORY": site.settings.memory_limit, "THREADS": site.settings.threads}
        for name, value in own.items():
            monkeypatch.setenv(f"JICENG_{name}", str(value))
        self.settings, self.here, self.folder = site.settings, site.community, folder
        accounts.make(ACCOUNT, must_change=False)
        self.token = tokens.make(User.objects.get(username=ACCOUNT), "程序")
        self.web, self.program = site.client(ACCOUNT), site.client()
        self.key = routes.place(site.settings, site.community).holes["key"]
        targets = {
            name: {"way": "folder", "folder": str(folder / name)} for name in (ACCOUNT, SYSTEM.replace("/", "__"))
        }
        for name in targets:
            (folder / name).mkdir()
        site.settings.subscribers.write_text(yaml.safe_dump(targets))
        with open_ledger(site.settings) as ledger:
            grants.ensure_operator(ledger)
            common = {"scope": self.here, "profiles": ("check", "full"), "purposes": "*", "granted_by": "operator"}
            self.given = [
                grants.give(ledger, Grant(actor=ACCOUNT, datasets="*", **common)).subject,
                grants.give(
                    ledger, Grant(actor=collected.actor_of(SYSTEM), datasets=(collected.DATASET,), **common)
                ).subject,
            ]
            wanted = {"dataset": REGISTER, "scope": self.here, "subscriber": ACCOUNT, "target": ACCOUNT}
            subscription.put(site.settings, ledger, Subscription(subscription_id=ACCOUNT, **wanted), "operator")

    def collect(self, value):
        told = {"entity": "resident", "entity_id": self.key, "element_id": "phone", "community_code": self.here}
        with open_ledger(self.settings) as ledger:
            intake = Intake(**told, value=value, collected_date=date(2026, 11, 24), source="form:visit")
            seq = ledger.append("intake", intake.subject, intake, "clerk").seq
            out = Outbox(**told, intake_seq=seq, system=SYSTEM, ground="unconditional")
            ledger.append("outbox", out.subject, out, "outbox")

    def page(self):
        return self.web.get(f"/at/{self.here}/register/{REGISTER}").status_code == 200

    def page_of_one(self):
        return self.web.get(f"/at/{self.here}/resident/{self.key}").status_code == 200

    def download(self):
        return self.web.get(f"/at/{self.here}/download/{REGISTER}.csv").status_code == 200

    def program_rows(self):
        address, bearer = f"/api/v1/{self.here}/{REGISTER}/rows", {"Authorization": f"Bearer {self.token}"}
        return self.program.get(address, headers=bearer).status_code == 200

    def package(self):
        return package.cut(
            self.settings, actor=ACCOUNT, community=self.here, dataset=REGISTER, format="csv", folder=self.folder
        ).rows

    def command(self):
        told = ["return", "--community", self.here, "--dataset", REGISTER, "--to", str(self.folder), "--as", ACCOUNT]
        with pytest.raises(SystemExit) as stop:
            main(told)
        return stop.value.code == 0

    def light_app(self):
        return light_app_page.open_app(self.settings, actor=ACCOUNT, app=APP, place=self.here).receipt

    def light_app_page(self):
        return self.web.get(f"/at/{self.here}/app/{APP}").status_code == 200

    def select(self):
        sql = f"select count(*) from {REGISTER}"
        return query.run(self.settings, sql, actor=ACCOUNT, scope=self.here, purpose="核对").rows

    def delta(self):
        (outcome,) = delivery.deliver(self.settings, (ACCOUNT,), now=True)
        return outcome.state in {"delivered", "unchanged"}

    def replay(self):
        return delivery.replay(self.settings, ACCOUNT, 1, 1, "operator").rows

    def outbox(self):
        self.collect("13912345678")
        found = {each.subscription_id: each for each in delivery.deliver(self.settings)}
        return found[STREAM].state == "delivered"


PATHS = (
    "page", "page_of_one", "download", "program_rows", "package", "command", "light_app", "light_app_page", "select",
    "delta", "replay", "outbox",
)  # fmt: skip


def got(borrower, path):
    """Say whether data came by that path."""
    try:
        return bool(getattr(borrower, path)())
    except AccessDenied:
        return False


@pytest.fixture(scope="module")
def revoked(site, tmp_path_factory):
    """Return a borrower whose grants have ended, what each path gave before that, and how many refusals there were."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        borrower = Borrower(site, tmp_path_factory.mktemp("borrower"), monkeypatch)
        before = {path: got(borrower, path) for path in PATHS}
        with open_ledger(site.settings) as ledger:
            for subject in borrower.given:
                grants.end(ledger, subject, "operator")
        yield borrower, before


def refusals(settings):
    with open_ledger(settings) as ledger:
        return sum(event.body["outcome"] == "denied" for event in ledger.events("audit"))


@pytest.mark.parametrize("path", sorted(PATHS, key=lambda path: path == "delta"))  # what lies here is removed by it
def test_an_ended_grant_opens_nothing(revoked, path):
    borrower, before = revoked
    refused = refusals(borrower.settings)
    assert before[path]
    assert not got(borrower, path)
    assert refusals(borrower.settings) > refused
