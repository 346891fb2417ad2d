"""A thousand people's values are where they belong, and nowhere else: looked for in every file a sync leaves."""

import io
import re
import zipfile

import pytest

from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline_tests.canaries import leaks

# where values of people belong, by DESIGN; of a build only the report is left, which is looked at
ALLOWED = {"landing", "published", "simulated", "inbox", "models"}
_LEDGER = re.compile(r"ledger\.")
WANTED = ("citizen_id", "citizen_id_raw", "phone", "dwelling_address", "registered_address")


def identities(settings, most=None):
    """Return what is known of people: numbers, telephones, addresses, as typed and as read; of `most` at most."""
    few = f"citizen_id in (select citizen_id from person order by sha256(citizen_id) limit {most})" if most else "true"
    with connect(publish.current(settings).database, settings=settings, read_only=True) as connection:
        connection.execute(
            "create temp table person as select distinct citizen_id from standard.resident_record "
            "where citizen_id is not null"
        )
        names = [name for name, *_ in connection.execute("describe standard.resident_record").fetchall()]
        found = set()
        for column in WANTED:
            if column in names:
                found |= {
                    value
                    for (value,) in connection.execute(
                        f"""select distinct {column} from standard.resident_record
                        where length({column}) >= 8 and {few}"""
                    ).fetchall()
                }
        people = connection.execute(
            f"select count(distinct citizen_id) from standard.resident_record where {few}"
        ).fetchall()
    return found, people[0][0]


def texts(folder, skip=lambda path: False):
    """Yield (where, text) of every file below `folder`, and of what is packed inside."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not skip(path):
            data = path.read_bytes()
            yield str(path), data.decode("utf-8", "ignore")
            if zipfile.is_zipfile(io.BytesIO(data)):
                with zipfile.ZipFile(io.BytesIO(data)) as packed:
                    yield from (
                        (f"{path}!{name}", packed.read(name).decode("utf-8", "ignore")) for name in packed.namelist()
                    )


@pytest.fixture
def canaries(synced_copy):
    found, people = identities(synced_copy)
    assert people > 1_000
    return found


@pytest.mark.timeout(600)
def test_no_value_of_a_person_leaves_the_places_it_belongs_to(
    synced_copy, canaries, tmp_path, monkeypatch, capfd, caplog, reroute
):
    """A whole sync on another day, with a system that fails: pages, reports, Dagster, logs, temporary files."""
    caplog.set_level(0)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("JICENG_NOW", "2027-03-01T02:00:00+00:00")
    reroute(synced_copy, "health/resident_health_record", url="http://127.0.0.1:9/nowhere")
    report = run_sync(synced_copy)
    assert (report.exit_code, report.is_new) == (3, True)

    def is_allowed(path):
        top = path.relative_to(synced_copy.home).parts[0]
        return top in ALLOWED or bool(_LEDGER.match(top))

    looked_at = list(texts(synced_copy.home, is_allowed))
    places = {where[len(str(synced_copy.home)) + 1 :].partition("/")[0] for where, _ in looked_at}
    assert {"dagster", "pages", "reports", "builds"} <= places
    assert leaks(canaries, looked_at) == []
    assert leaks(canaries, texts(temporary)) == []
    said = "".join(capfd.readouterr()) + caplog.text + str(report.to_json())
    assert leaks(canaries, [("said", said)]) == []


def test_what_checks_left_in_the_database_holds_no_value(synced_copy, canaries):
    with connect(publish.current(synced_copy).database, settings=synced_copy, read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'quality' order by all"
        ).fetchall()
        told = [(name, str(connection.execute(f"from quality.{name}").fetchall())) for (name,) in names]
    assert len(told) >= 8
    assert leaks(canaries, told) == []


def test_the_ledger_holds_no_value_of_what_was_only_checked(synced_copy, canaries):
    assert leaks(canaries, texts(synced_copy.home, lambda path: not path.name.startswith("ledger."))) == []


def test_a_leak_would_be_found(tmp_path, canaries):
    canary, folder = sorted(canaries)[0], tmp_path / "looked_at"
    folder.mkdir()
    (folder / "log").write_text(f"…{canary}…", "utf-8")
    with zipfile.ZipFile(folder / "report.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("sheet", canary)
    assert leaks(canaries, texts(folder)) == [str(folder / "log"), f"{folder / 'report.xlsx'}!sheet"]
