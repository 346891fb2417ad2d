"""A version made again of landing and ledger says the same; what was changed since is found; history is kept."""

import json
import shutil
from datetime import timedelta

import pytest
import yaml

from jiceng_pipeline.cli import app
from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import instance as history
from jiceng_pipeline.defs.launch import run_sync
from jiceng_pipeline.defs.layers import key
from jiceng_pipeline.defs.rebuild import rebuilt
from jiceng_pipeline.landing import version as versions
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

FLOATING = "public_security/floating_population"
NEW_PHONE = "13600000001"


def change(folder):
    """Give the first person of the list another phone and leave out the last one."""
    newest = max(folder.glob("LDRK_*.txt"))
    lines = newest.read_bytes().decode("gb18030").splitlines()
    place = lines[0].split("|").index("LXDH")
    first = lines[1].split("|")
    lines[1] = "|".join(NEW_PHONE if at == place else cell for at, cell in enumerate(first))
    text = "\n".join(lines[:-1]) + "\n"
    newest.write_bytes(text.encode("gb18030"))
    return len(lines) - 2


@pytest.fixture(scope="module")
def lived(synced, tmp_path_factory):
    """Return a home that was synced on two days, between which one system changed."""
    home = tmp_path_factory.mktemp("lived") / "home"
    shutil.copytree(synced.home, home, symlinks=True)
    settings = Settings(home=home)
    connections = yaml.safe_load(settings.connections.read_text("utf-8"))
    folder = home.parent / "floating"
    shutil.copytree(connections[FLOATING]["folder"], folder)
    connections[FLOATING]["folder"] = str(folder)
    settings.connections.write_text(yaml.safe_dump(connections, allow_unicode=True), "utf-8")
    tomorrow = clock.business_date(settings) + timedelta(days=1)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JICENG_NOW", f"{tomorrow}T22:00:00+08:00")
        live(settings, folder)
        yield settings


def live(settings, folder):
    """Sync once more, by what the day before had kept, after that system has changed."""
    change(folder)
    with pytest.MonkeyPatch.context() as of_sync:
        of_sync.setenv("JICENG_KEPT_RECORDS", "0")
        report = run_sync(settings)
    assert report.exit_code in {0, 3}, report
    assert report.is_new


def rows(settings, sql):
    with connect(publish.find(settings).database, settings=settings, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def days(settings):
    return [json.loads((settings.published / name / "manifest.json").read_text("utf-8"))["inputs"]["business_date"]
            for name in publish.versions(settings)]  # fmt: skip


def test_the_second_day_was_matched_by_what_the_first_had_kept(lived):
    with history.opened(lived) as instance:
        for entity in ("resident", "enterprise"):
            event = instance.get_latest_materialization_event(key(f"matching.{entity}_match"))
            told = event.asset_materialization.metadata["重新比对"].value
            assert told.startswith("共"), told


def test_a_version_made_again_says_the_same_and_leaves_nothing(lived, tmp_path, monkeypatch):
    settings = copied(lived, tmp_path / "home")
    monkeypatch.setenv("JICENG_NOW", f"{clock.business_date(lived) + timedelta(days=1)}T22:00:00+08:00")
    live(settings, lived.home.parent / "floating")  # the third day takes over tables that the second has left
    version = publish.find(settings)
    assert version.manifest["previous"] == publish.versions(lived)[-1], "built upon what a day before had landed"
    with rebuilt(settings, version) as made:
        assert made.differences == ()
        assert made.content_hash == version.manifest["content_hash"]
        assert {"quality.ticket", "governance.changed_cell"} <= set(version.manifest["tables"])
        home = made.database.parent
        assert (home / "secret.key").exists()
    assert not home.exists(), "copies of ledger and secret must not outlive it"


def copied(settings, folder):
    shutil.copytree(settings.home, folder, symlinks=True)
    return Settings(home=folder)


def test_a_tampered_version_is_found_and_kept_aside_from_the_one_made_again(lived, tmp_path, monkeypatch, capsys):
    settings = copied(lived, tmp_path / "home")
    monkeypatch.setenv("JICENG_HOME", str(settings.home))
    version = publish.find(settings, publish.versions(settings)[0])  # of the first day, with all that came later there
    with connect(version.database, settings=settings) as connection:
        connection.execute(
            """update matching.resident_chosen set phone = '13900000000'
            where entity_id = (select min(entity_id) from matching.resident_chosen)"""
        )
    with pytest.raises(SystemExit) as ended:
        app.main(["rebuild", "--json", "--version", version.short_name])
    assert ended.value.code == IntegrityError.exit_code
    told = json.loads(capsys.readouterr().out)
    assert [(each["table"], each["manifest_rows"] == each["rebuilt_rows"]) for each in told["differences"]] == [
        ("matching.resident_chosen", True)
    ]
    assert told["content_hash"] == version.manifest["content_hash"]
    with connect(settings.home / "rebuilt" / version.name / "jiceng.duckdb", settings=settings, read_only=True) as made:
        assert made.execute("select count(*) from governance.resident where phone = '13900000000'").fetchall() == [(0,)]


def test_damaged_landing_stops_it(lived, tmp_path):
    settings = copied(lived, tmp_path / "home")
    oldest = min(settings.landing.glob("public_security/floating_population/2*/rows.parquet"))
    oldest.write_bytes(oldest.read_bytes()[:-1] + b"\0")
    with pytest.raises(IntegrityError, match="快照已损坏"), rebuilt(settings, publish.find(settings)):
        pass


def test_a_version_of_other_code_is_not_compared(lived, tmp_path, monkeypatch, capsys):
    settings = copied(lived, tmp_path / "home")
    monkeypatch.setenv("JICENG_HOME", str(settings.home))
    manifest = publish.find(settings).folder / "manifest.json"
    told = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**told, "inputs": {**told["inputs"], "code_version": "other"}}), "utf-8")
    for arguments, said in ((["rebuild", "--verify"], "另一版程序"), (["rebuild", "--version", "x"], "没有这个版本")):
        with pytest.raises(SystemExit) as ended:
            app.main(arguments)
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def test_the_open_interval_is_the_current_value(lived):
    for entity in ("resident", "enterprise"):
        for each in versions.kept(entity):
            assert (
                rows(
                    lived,
                    f"""(select entity_id, value from governance.{entity}_history
                    where element_id = '{each.id}' and valid_to is null
                    except select entity_id, cast({each.id} as varchar) from matching.{entity}_golden)
                union all
                (select entity_id, cast({each.id} as varchar) from matching.{entity}_golden where {each.id} is not null
                    except select entity_id, value from governance.{entity}_history
                    where element_id = '{each.id}' and valid_to is null)""",
                )
                == []
            ), (entity, each.id)
    assert (
        rows(
            lived,
            """select resident_id, household_id from governance.resident except
        select resident_id, household_id from governance.household_membership_history where valid_to is null""",
        )
        == []
    )


def test_intervals_of_a_cell_do_not_overlap_and_follow_each_other(lived):
    for entity in ("resident", "enterprise"):
        assert (
            rows(
                lived,
                f"""select * from (
                select *, lag(valid_to) over w as end_before, lag(value) over w as before,
                    row_number() over w as place
                from governance.{entity}_history
                window w as (partition by entity_id, element_id order by valid_from))
            where valid_to <= valid_from or place > 1 and (end_before is null or end_before > valid_from
                or end_before = valid_from and before = value)""",
            )
            == []
        )


def test_what_changed_has_both_its_values_and_an_earlier_day_is_one_macro_away(lived):
    first, second = days(lived)
    (entity_id, other), = rows(
        lived,
        f"""select n.entity_id, b.value from governance.resident_history as n
        join governance.resident_history as b on b.entity_id = n.entity_id and b.element_id = 'phone'
            and b.valid_from = date '{first}' and b.valid_to = n.valid_from
        where n.element_id = 'phone' and n.value = '{NEW_PHONE}' and n.valid_from = date '{second}'""",
    )  # fmt: skip
    for day, phone in ((first, other), (second, NEW_PHONE)):
        assert rows(
            lived,
            f"""select phone from governance.resident_as_of(date '{day}') where resident_id = '{entity_id}'""",
        ) == [(phone,)]
    columns = "resident_id, household_id, name, phone, dwelling_address, death_date"
    assert (
        rows(
            lived,
            f"""select {columns} from governance.resident except
        select {columns} from governance.resident_as_of(date '{second}')""",
        )
        == []
    )


def test_an_earlier_day_is_what_was_published_that_evening(lived):
    """With the same links today's understanding of the first day is what the first day's version said."""
    first = publish.find(lived, publish.versions(lived)[0])
    cells = ", ".join(each.id for each in versions.kept("resident") if each.id != "household_number")
    with connect(first.database, settings=lived, read_only=True) as connection:
        then = set(connection.execute(f"select resident_id, {cells} from governance.resident").fetchall())
    day = first.manifest["inputs"]["business_date"]
    now = set(rows(lived, f"select resident_id, {cells} from governance.resident_as_of(date '{day}')"))
    assert now == then
