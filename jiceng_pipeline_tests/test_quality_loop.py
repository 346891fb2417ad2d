"""The quality loop through real syncs: a defect goes home within one, closes when the source is right, reopens."""

import csv
import io
import shutil

import pytest
import yaml

from jiceng_pipeline.cli.app import main
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.quality import tickets
from jiceng_pipeline.quality.pages import site
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

ALLOWANCE = "civil_affairs/elderly_allowance"
PENSION = "social_security/pension_insurance"


def read(settings):
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        cursor = connection.execute("select * from quality.ticket order by ticket_id")
        names = [column[0] for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


class Source:
    """The allowance's folder of a home, whose newest file a test may change."""

    def __init__(self, settings, folder, reroute):
        address = yaml.safe_load(settings.connections.read_text("utf-8"))[ALLOWANCE]["folder"]
        shutil.copytree(address, folder)
        reroute(settings, ALLOWANCE, folder=str(folder))
        self.path = max(folder.glob("*.csv"))
        self.good = self.path.read_bytes()

    def spoil(self, column, value, rows):
        """Write `value` into the column of the first rows."""
        lines = list(csv.reader(io.StringIO(self.good.decode("utf-8"), newline="")))
        place = lines[0].index(column)
        for line in lines[1 : rows + 1]:
            line[place] = value
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        self.path.write_bytes(text.getvalue().encode("utf-8"))

    def mend(self):
        self.path.write_bytes(self.good)


@pytest.mark.timeout(900)  # five syncs
def test_a_defect_goes_home_closes_and_reopens(synced_copy, tmp_path, reroute, monkeypatch, capsys):
    source = Source(synced_copy, tmp_path / "allowance", reroute)
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))
    known = set(read(synced_copy))

    def sync(day):
        monkeypatch.setenv("JICENG_NOW", f"{day}T02:00:00+00:00")
        report = run_sync(synced_copy)
        assert [ticket for ticket in report.tickets if ticket["kind"] == "delivery"] == []
        assert report.exit_code == 0, report.error
        return read(synced_copy)

    def planted(found):
        return [
            t for t in found.values() if t["system"] == ALLOWANCE and t["column"] == "月津贴" and t["kind"] == "cell"
        ]

    source.spoil("月津贴", "六十元整", rows=2)
    opened = [ticket for ticket in planted(sync("2027-03-01")) if ticket["ticket_id"] not in known]
    assert len(opened) == 2
    assert {(t["owner"], t["state"], str(t["opened_date"]), str(t["due_date"])) for t in opened} == {
        ("民政局 养老服务科", "open", "2027-03-01", "2027-03-08")
    }
    assert {ticket["row"] for ticket in opened} == {2, 3}
    assert all(ticket["file"] == source.path.name and ticket["record_id"] for ticket in opened)

    with pytest.raises(SystemExit) as done:
        main(["ticket", "answer", opened[0]["ticket_id"], "--text", "已在系统中改正"])
    assert done.value.code == 0
    found = sync("2027-03-02")
    assert [found[t["ticket_id"]]["state"] for t in opened] == ["answered", "open"], "an answer closes nothing"

    source.mend()
    found = sync("2027-03-03")
    assert {found[t["ticket_id"]]["state"] for t in opened} == {"closed"}
    assert all(f"2027-03-03 {ALLOWANCE} " in found[t["ticket_id"]]["closed_evidence"] for t in opened)

    source.spoil("月津贴", "六十元整", rows=1)
    found = sync("2027-03-09")
    assert sorted(found[t["ticket_id"]]["state"] for t in opened) == ["closed", "reopened"]

    # the same landing and ledger say the same tickets again, wherever they are looked at
    version = publish.current(synced_copy)
    copy = tmp_path / "again.duckdb"
    shutil.copyfile(version.database, copy)
    with connect(copy, settings=synced_copy) as connection:
        tickets.build(connection, Settings(home=synced_copy.home))
    with connect(copy, settings=synced_copy, read_only=True) as connection:
        again = connection.execute("select ticket_id, state from quality.ticket order by ticket_id").fetchall()
    assert again == [(key, ticket["state"]) for key, ticket in found.items()]

    # everybody got a report of the month, and the loop can be read there and at the command line
    folder = synced_copy.home / "reports" / "2027-03"
    report = (folder / "civil_affairs__elderly_allowance.html").read_text("utf-8")
    assert "重新打开" in report
    assert (site.pages(synced_copy) / "dashboard.html").is_file()
    capsys.readouterr()
    reopened = next(t["ticket_id"] for t in opened if found[t["ticket_id"]]["state"] == "reopened")
    with pytest.raises(SystemExit):
        main(["ticket", "show", reopened])
    told = capsys.readouterr().out
    assert told.index("开出") < told.index("核验办结") < told.index("再次出现")

    # more of one cause than a clerk takes one by one: one ticket with counts and examples
    source.spoil("月津贴", "六十元整", rows=30)
    systemic = [t for t in planted(sync("2027-03-10")) if t["is_systemic"]]
    assert [(t["count"] >= 30, len(t["example_keys"])) for t in systemic] == [(True, 20)]
