"""`jiceng collect`: what whoever drops a file is told, and with which exit code."""

import json
import shutil

import pytest

from jiceng_pipeline.cli.app import main
from jiceng_pipeline_tests.forms.conftest import VISIT
from jiceng_pipeline_tests.forms.sheets import FIRST, opened


@pytest.fixture
def jiceng(sent, monkeypatch, capsys):
    monkeypatch.setenv("JICENG_HOME", str(sent[0].home))

    def run(*arguments):
        with pytest.raises(SystemExit) as done:
            main(list(arguments))
        told = capsys.readouterr()
        return done.value.code, told.out

    return run


def test_a_file_is_read_and_another_is_refused(sent, jiceng, tmp_path):
    _, community, path = sent
    with opened(path) as (sheet, at):
        sheet.cell(FIRST, at["实际独居"]).value = "是"
        sheet.cell(FIRST, at["姓名"]).value = "改了名"
    other = tmp_path / "other.xlsx"
    other.write_bytes(b"no workbook")
    code, said = jiceng("collect", "read", str(path), str(other), "--json")
    taken, refused = json.loads(said)
    assert code == 2
    assert (taken["community"], taken["counts"]["accepted"], taken["counts"]["locked"]) == (community, 1, 1)
    assert taken["receipt"] and any("C5" in line for line in taken["lines"])
    assert "没有收" in refused["refused"] and refused["cure"]
    code, said = jiceng("collect", "read", str(path))
    assert code == 0
    assert "与以前交过的文件相同" in said and "改了名" not in said


def test_a_township_and_the_answers_are_shown(sent, jiceng):
    _, community, path = sent
    jiceng("collect", "read", str(path))
    code, said = jiceng("collect", "gather", VISIT, "--place", community[:9], "--json")
    told = json.loads(said)
    assert (code, told["returned"]) == (0, 1)
    assert community not in told["missing"]
    code, said = jiceng("collect", "answers", "--community", community, "--json")
    assert (code, json.loads(said)) == (0, [])
    code, _ = jiceng("collect", "answer", "health/resident_health_record:1", "--verdict", "refused")
    assert code == 2


def test_a_folder_is_read(sent, jiceng):
    settings, _, path = sent
    settings.inbox.mkdir()
    shutil.copy(path, settings.inbox / "a.xlsx")
    code, said = jiceng("collect", "folder", "--json")
    assert (code, [each["file"].rpartition("/")[2] for each in json.loads(said)]) == (0, ["a.xlsx"])
    assert len(list((settings.inbox / "read").glob("*.xlsx"))) == 1
