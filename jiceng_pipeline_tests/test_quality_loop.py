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

    def spoil(self, column, value, rows, others=()):
        """Write `value` into the column of the first rows, and `others`, row → cells, into some more."""
        lines = list(csv.reader(io.StringIO(self.good.decode("utf-8"), newline="")))
        place = lines[0].index(column)
        for line in lines[1 : rows + 1]:
            line[place] = value
        for row, cells in dict(others).items():
            for name, said in cells.items():
                lines[row - 1][lines[0].index(name)] = said
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        self.path.write_bytes(text.getvalue().encode("utf-8"))

    def rename(self, column, name):
        """Give a column another name that nobody was told of."""
        self.path.write_bytes(self.good.replace(column.encode(), name.encode(), 1))

    def mend(self):
        self.path.write_bytes(self.good)

    def row(self, number):
        """Return the cells of a row of the file, the header is row one."""
        lines = list(csv.reader(io.StringIO(self.good.decode("utf-8"), newline="")))
        return dict(zip(lines[0], lines[number - 1], strict=True))


def person(settings, which):
    """Return a resident whom the allowance does not know, as its clerk would type them."""
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        name, number, born = connection.execute(
            f"""select name, citizen_id, birth_date from governance.resident
            where citizen_id is not null and birth_date = citizen_id_birth_date(citizen_id)
                and elderly_allowance_monthly_cny is null and name not like '%?%' and {which}
            order by resident_id limit 1"""
        ).fetchall()[0]
    return {"姓名": name, "身份证号码": number, "出生年月日": f"{born:%Y/%m/%d}", "月津贴": "60"}


@pytest.mark.timeout(900)  # six syncs
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

    defects = {
        12: person(synced_copy, "death_date < date '2026-10-01' and birth_date < date '1950-01-01'"),
        13: person(synced_copy, "death_date is null and birth_date between date '1970-01-01' and date '1990-01-01'"),
        14: {name: source.row(15)[name] for name in ("姓名", "身份证号码", "出生年月日")},
        16: {"发放编号": ""},
    }
    wanted = {"elderly_allowance_not_to_dead", "elderly_allowance_from_70", "citizen_id_unique_in_system", "row"}

    def of_each_kind(found):
        """Return kind of defect → state of the tickets it made."""
        told = {}
        for each in found.values():
            if each["system"] == ALLOWANCE and each["kind"] in {"rule", "row"} and each["ticket_id"] not in known:
                told.setdefault("row" if each["kind"] == "row" else each["cause"], set()).add(each["state"])
        return {kind: states for kind, states in told.items() if kind in wanted}

    source.spoil("月津贴", "六十元整", rows=2, others=defects)
    opened = [ticket for ticket in planted(sync("2027-03-01")) if ticket["ticket_id"] not in known]
    assert len(opened) == 2
    assert {(t["owner"], t["state"], str(t["opened_date"]), str(t["due_date"])) for t in opened} == {
        ("民政局 养老服务科", "open", "2027-03-01", "2027-03-08")
    }
    assert {ticket["row"] for ticket in opened} == {2, 3}
    assert of_each_kind(read(synced_copy)) == {key: {"open"} for key in wanted}, "within one sync, to who owns the row"
    assert all(ticket["file"] == source.path.name and ticket["record_id"] for ticket in opened)

    with pytest.raises(SystemExit) as done:
        main(["ticket", "answer", opened[0]["ticket_id"], "--text", "已在系统中改正"])
    assert done.value.code == 0
    found = sync("2027-03-02")
    assert [found[t["ticket_id"]]["state"] for t in opened] == ["answered", "open"], "an answer closes nothing"

    # a file nobody can read by the contract is a ticket too, the last good one stays, and the next good one closes it
    def of_deliveries(day, exit_code):
        monkeypatch.setenv("JICENG_NOW", f"{day}T02:00:00+00:00")
        assert run_sync(synced_copy).exit_code == exit_code
        found = read(synced_copy)
        told = {t["state"] for t in found.values() if t["system"] == ALLOWANCE and t["kind"] == "delivery"}
        return told, found

    source.rename("月津贴", "津贴标准")
    told, found = of_deliveries("2027-03-03", 3)
    assert told == {"open"}
    assert [found[t["ticket_id"]]["state"] for t in opened] == ["answered", "open"], "what is in force still says it"

    source.mend()
    told, found = of_deliveries("2027-03-04", 0)
    assert told == {"closed"}
    assert {found[t["ticket_id"]]["state"] for t in opened} == {"closed"}
    assert all(f"2027-03-04 {ALLOWANCE} " in found[t["ticket_id"]]["closed_evidence"] for t in opened)

    assert of_each_kind(found) == {key: {"closed"} for key in wanted}

    source.spoil("月津贴", "六十元整", rows=1, others=defects)
    found = sync("2027-03-09")
    assert of_each_kind(found) == {key: {"reopened"} for key in wanted}
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
