"""The nine further stores are the real thing too: a plain library reads back what was written down."""

import csv
import json
import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import httpx
import openpyxl
import pytest

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.simulation.stores import education__student_roster as roster
from jiceng_pipeline.simulation.stores import market_supervision__special_equipment as equipment
from jiceng_pipeline_tests.simulation.test_stores import rows

FLOATING, ELDERLY = "public_security/floating_population", "civil_affairs/elderly_allowance"
INSURED, CASES = "medical_insurance/insured_person", "urban_management/city_case"
DISABLED, PUPILS = "disabled_federation/disability_certificate", "education/student_roster"
OWNERS, VETERANS = "housing/property_register", "veterans_affairs/veteran"
EQUIPMENT = "market_supervision/special_equipment"


@pytest.mark.parametrize(
    ("system", "file", "encoding", "delimiter", "mark"),
    [
        (FLOATING, r"LDRK_\d{8}\.txt", "gb18030", "|", b"JZZBH|"),
        (ELDERLY, r"高龄津贴发放_\d{6}\.csv", "utf-8", ",", "发放编号".encode()),
        (OWNERS, "不动产登记.csv", "utf-8-sig", ",", b"\xef\xbb\xbf"),
    ],
)
def test_delimited_files(connections, told, system, file, encoding, delimiter, mark):
    (path,) = Path(connections[system]["folder"]).iterdir()
    assert re.fullmatch(file, path.name)
    assert path.read_bytes().startswith(mark)
    with path.open(encoding=encoding, newline="") as source:
        header, *found = csv.reader(source, delimiter=delimiter)
    assert header == told[system].table.column_names
    assert [tuple(row) for row in found] == rows(told[system], header)


def test_remarks_have_lines_and_quotes(told):
    remarks = told[OWNERS].table["备注"].to_pylist()
    assert any("\n" in each for each in remarks)
    assert any('"' in each for each in remarks)


def test_the_insured_are_in_a_database(connections, told):
    path = connections[INSURED]["url"].removeprefix("sqlite:///")
    columns = told[INSURED].table.column_names
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(f"select {', '.join(columns)} from AC01").fetchall()
    assert found == rows(told[INSURED], columns)


def test_cases_are_objects_with_objects_in_them(connections, told):
    lines = (Path(connections[CASES]["folder"]) / "cases.jsonl").read_text("utf-8").splitlines()
    paths = contracts()[CASES].connector.options["fields"]

    def value(case, path):
        for name in path.split("/"):
            case = case[name]
        return case

    found = [tuple(value(json.loads(line), path) for path in paths.values()) for line in lines]
    assert found == rows(told[CASES], paths)
    assert any(json.loads(line)["reporter"] == {"name": None, "phone": None} for line in lines)


def test_the_certificates_are_a_foxpro_table(connections, told):
    content = (Path(connections[DISABLED]["folder"]) / "CJRZ.DBF").read_bytes()
    count, start, width = struct.unpack_from("<IHH", content, 4)
    fields = [struct.unpack_from("<11sc4xB", content, place) for place in range(32, start - 1, 32)]
    names = [name.rstrip(b"\0").decode() for name, *_ in fields]
    assert (content[0], content[29], content[start - 1], content[-1]) == (0x03, 0x4D, 0x0D, 0x1A)
    assert width == 1 + sum(size for *_, size in fields)
    found = []
    for place in range(start, start + count * width, width):
        record, at, values = content[place : place + width], 1, []
        for *_, size in fields:
            values.append(record[at : at + size].decode("gbk").rstrip())
            at += size
        found += [tuple(values)] if record[:1] == b" " else []
    assert found == rows(told[DISABLED], names)
    assert count == len(found) + 1, "one was deleted and is still there"


def test_a_certificate_tells_number_kind_and_grade(told):
    table = told[DISABLED].table
    for number, kind, grade in zip(*(table[name].to_pylist() for name in ("CJRZH", "CJLB", "CJDJ")), strict=True):
        assert re.fullmatch(r"\d{17}[\dX][1-7][1-4](B1)?", number)
        if kind in {"视力", "多重"}:
            assert number[18] == {"视力": "1", "多重": "7"}[kind]
        if grade in {"一级", "四级"}:
            assert number[19] == {"一级": "1", "四级": "4"}[grade]


def test_every_school_has_a_sheet_below_a_header_of_two_rows(connections, told):
    book = openpyxl.load_workbook(f"{connections[PUPILS]['folder']}/{roster.FILE.format(320613)}")
    found = []
    for sheet in book:
        title, groups, names, *pupils = sheet.iter_rows(values_only=True)
        assert title[0] == f"{sheet.title}学生花名册"
        assert (groups[0], groups[1], groups[2], names[1]) == ("序号", "学生", None, "姓名")
        assert "A2:A3" in {str(each) for each in sheet.merged_cells.ranges}
        found += [(*(value or "" for value in row), sheet.title) for row in pupils]
    assert found == rows(told[PUPILS], (*roster.COLUMNS, roster.SHEET))
    assert len(book.sheetnames) >= 8


def test_codes_and_telephones_are_numbers(connections, told):
    sheet = openpyxl.load_workbook(f"{connections[EQUIPMENT]['folder']}/{equipment.FILE}").active
    _, header, *pieces = sheet.iter_rows(values_only=True)
    assert list(header) == told[EQUIPMENT].table.column_names
    phones, codes = ([row[header.index(name)] for row in pieces] for name in ("联系电话", "设备代码"))
    assert {type(each) for each in phones} >= {int, str}
    assert any(isinstance(each, int) and len(str(each)) == 12 for each in codes)
    assert any(isinstance(each, str) and len(each) == 20 for each in codes)
    texts = [tuple(row) for row in zip(*(told[EQUIPMENT].table[name].to_pylist() for name in header), strict=True)]
    for piece, text in zip(pieces, texts, strict=True):
        assert [str(each or "") for place, each in enumerate(piece) if header[place] != "设备代码"] == [
            each for place, each in enumerate(text) if header[place] != "设备代码"
        ]


def test_veterans_are_handed_out_as_csv(connections, told):
    address = connections[VETERANS]
    url, token = f"{address['url']}/export/veteran.csv", {"Authorization": f"Bearer {address['token']}"}
    while (answer := httpx.get(url, headers=token, trust_env=False)).status_code in {429, 503}:
        pass
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, *found = csv.reader(answer.content.decode().splitlines())
    assert [tuple(row) for row in found] == rows(told[VETERANS], header)
    assert httpx.get(url, trust_env=False).status_code == 401


def test_landlords_own_what_they_let(community):
    renting = community.dwelling[~community.is_registered]
    owner = community.owner[renting]
    assert (owner >= 0).all()
    assert community.is_registered[owner].all()


def test_guardians_are_grown_up_and_of_the_household(community):
    guardian = roster._guardians(community)
    young = (community.age < 16) & (guardian >= 0)
    assert (community.people.household[guardian[young]] == community.people.household[young]).all()
    assert (community.age[guardian[young]] > 18).all()
