"""A system more is one contract and one address, as the guide says: nothing else is edited, and it is everywhere."""

import csv
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from jiceng_pipeline.core.settings import PACKAGE
from jiceng_pipeline.departments.contract import contracts, systems
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

GUIDE = (PACKAGE.parent / "docs" / "add-a-department.md").read_text("utf-8")
CONTRACT, ADDRESS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[:2]
SYSTEM = "forestry/ranger"
COLUMNS = ("证号", "姓名", "身份证号", "性别", "联系电话", "所属社区", "责任林班")
NEW_ID = "32060219790214301" + citizen_check_sign("32060219790214301")


def jiceng(settings, *arguments):
    """Run a command on the home in a process of its own, as an operator does, and return what it says."""
    environment = {**os.environ, "JICENG_HOME": str(settings.home)}
    done = subprocess.run(
        [sys.executable, "-m", "jiceng_pipeline.cli", *arguments],
        env=environment,
        cwd=settings.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def known_people(settings):
    """Return three residents of the version served, with their communities."""
    with connect(publish.current(settings).database, settings=settings, read_only=True) as version:
        return version.execute(
            """select resident_id, name, citizen_id, sex_code, community_name
            from returned.resident_register
            where citizen_id is not null and sex_code in ('1', '2') and community_name is not null
            order by resident_id limit 3"""
        ).fetchall()


@pytest.fixture
def joined(synced_copy, tmp_path):
    """Return a home to which the guide's system was added and which was synced, and the people in it."""
    people = known_people(synced_copy)
    folder = tmp_path / "forestry"
    folder.mkdir()
    with (folder / "护林员.csv").open("w", encoding="gb18030", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        for number, (_, name, citizen_id, sex, community) in enumerate(people):
            rows.writerow((f"L{number}", name, citizen_id, "男女"[int(sex) - 1], "13912340000", community, "3林班"))
        rows.writerow(("L9", "林新丁", NEW_ID, "男", "13912349999", people[0][-1], "4林班"))
    contract = synced_copy.departments / f"{SYSTEM}.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text(CONTRACT, "utf-8")
    addresses = yaml.safe_load(synced_copy.connections.read_text("utf-8"))
    (system,) = yaml.safe_load(ADDRESS)
    addresses[system] = {"folder": str(folder)}
    synced_copy.connections.write_text(yaml.safe_dump(addresses, allow_unicode=True), "utf-8")
    assert jiceng(synced_copy, "doctor")
    jiceng(synced_copy, "sync", "--json")
    return synced_copy, people


def test_one_contract_makes_a_system_be_everywhere(joined):
    settings, people = joined
    assert SYSTEM not in contracts()  # nothing of it is in the package
    state = json.loads(jiceng(settings, "status", "--json"))
    assert len(state["systems"]) == len(systems()) + 1
    assert state["systems"][SYSTEM]["accepted"] == 4
    assert f"`{SYSTEM}`" in jiceng(settings, "catalogue")
    with connect(publish.current(settings).database, settings=settings, read_only=True) as version:

        def found(sql):
            return version.execute(sql).fetchall()

        assert found("select sex_code, phone from standard.forestry__ranger order by sex_code, phone")[0][0] in "12"
        assert found(
            f"select count(*), count(community_code) from standard.resident_record where system = '{SYSTEM}'"
        ) == [(4, 4)]
        assert found(
            f"select rows_in, rows_accepted, rows_quarantined from standard.conservation where system = '{SYSTEM}'"
        ) == [(4, 4, 0)]
        # reconciled: those known are those known, the newcomer is a resident of his community
        linked = found(f"select entity_id from matching.resident_link where system = '{SYSTEM}' order by entity_id")
        assert len(set(linked)) == 4
        assert {(resident,) for resident, *_ in people} <= set(linked)
        assert found(
            f"select name, phone, community_name from returned.resident_register where citizen_id = '{NEW_ID}'"
        ) == [("林新丁", "13912349999", people[0][-1])]
        # in the provenance of every cell it told
        cells = found(
            f"""select entity_id, element_id, value from governance.provenance_cell
            where system = '{SYSTEM}' and element_id = 'phone' order by entity_id"""
        )
        assert {entity for entity, _, _ in cells} == {entity for (entity,) in linked}
        assert found(f"select is_stale, error_what from landing.outcome where system = '{SYSTEM}'") == [(False, None)]
