"""Workbooks in the inbox are read once and put away, each with its receipt."""

import shutil

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.forms import inbox


def test_a_folder_is_read_and_every_file_is_put_away_with_its_receipt(sent):
    settings, _, path = sent
    place = path.parent / "inbox"
    place.mkdir()
    shutil.copy(path, place / "a.xlsx")
    (place / "b.xlsx").write_bytes(b"name,phone\n")
    assert inbox.waiting(place, settled_seconds=60) == []
    told = inbox.read_all(settings, "operator", place)
    assert [isinstance(each, UsageError) for _, each in told] == [False, True]
    receipts = [next((place / name).glob("*.回执.txt")).read_text("utf-8") for name in ("read", "refused")]
    assert told[0][1].receipt in receipts[0]
    assert told[1][1].cure in receipts[1]
    assert [len(list((place / name).glob("*.xlsx"))) for name in ("read", "refused")] == [1, 1]
    assert inbox.read_all(settings, "operator", place) == []


def test_what_is_sent_instead_of_a_workbook_is_told_how_to_come_back(sent):
    settings, _, path = sent
    place = path.parent / "inbox"
    place.mkdir()
    (place / "登记.csv").write_text("姓名,电话\n", "utf-8")
    (place / "登记.et").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    (place / "~$登记.xlsx").write_bytes(b"\5lock")
    told = inbox.read_all(settings, "operator", place)
    assert [path.name for path, error in told if isinstance(error, UsageError)] == ["登记.csv", "登记.et"]
    receipts = [each.read_text("utf-8") for each in (place / "refused").glob("*.回执.txt")]
    assert len(receipts) == 2 and all("另存为“Excel 工作簿（.xlsx）”" in each for each in receipts)
    assert inbox.waiting(place) == []


def test_a_file_of_any_name_is_put_away_and_keeps_none_behind_it_waiting(sent):
    settings, _, path = sent
    place = path.parent / "inbox"
    place.mkdir()
    names = ["登记" * 41 + ".xlsx", "表.XLSX", "随后的.xlsx"]
    for name in names:
        shutil.copy(path, place / name)
    assert sorted(each.name for each, _ in inbox.read_all(settings, "operator", place)) == sorted(names)
    assert inbox.waiting(place) == []
    receipts = [each.read_text("utf-8") for each in (place / "read").glob("*.回执.txt")]
    assert sorted(each.splitlines()[0] for each in receipts) == sorted(f"文件：{name}" for name in names)
