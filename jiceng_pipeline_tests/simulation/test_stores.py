"""Every store is the real thing: a plain library reads back what the department wrote down."""

import gzip
import json
import sqlite3
from contextlib import closing
from datetime import date
from xml.etree import ElementTree

import openpyxl
import psycopg
import pyarrow as pa
import pytest

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.simulation import json_text
from jiceng_pipeline.simulation.store import Place, stores, table
from jiceng_pipeline.simulation.stores import market_supervision__food_licence as licences
from jiceng_pipeline.simulation.stores import social_security__pension_insurance as pension

REGISTER, HEALTH = "public_security/household_register", "health/resident_health_record"
PENSION, ALLOWANCE = "social_security/pension_insurance", "civil_affairs/subsistence_allowance"
ENTERPRISES, LICENCES = "market_supervision/enterprise_register", "market_supervision/food_licence"


def rows(records, columns):
    """Return the rows as tuples."""
    return list(zip(*(records.table[name].to_pylist() for name in columns), strict=True))


@pytest.mark.parametrize("system", stores())
def test_columns_and_key_are_what_the_contract_promises(told, system):
    contract, store = contracts()[system], stores()[system]
    assert sorted(told[system].table.column_names) == sorted(contract.source_columns)
    assert contract.key == store.KEY
    assert contract.entity == store.ENTITY


def test_there_is_a_store_for_every_contract():
    assert set(stores()) == set(contracts())


def test_the_household_register_answers_as_postgresql(connections, told):
    columns = [name for name in told[REGISTER].table.column_names if name != "gxsj"]
    with psycopg.connect(connections[REGISTER]["url"]) as connection:
        found = connection.execute(f"select {', '.join(columns)} from hukou.t_czrk").fetchall()
        moments = connection.execute("select pg_typeof(gxsj)::text, min(gxsj), max(gxsj) from hukou.t_czrk group by 1")
        kind, first, last = moments.fetchone()
    assert found == rows(told[REGISTER], columns)
    assert kind == "timestamp without time zone"
    assert first < last


def test_the_reader_of_the_household_register_may_not_write(connections):
    with (
        psycopg.connect(connections[REGISTER]["url"]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("delete from hukou.t_czrk")


def test_the_workbook_opens_in_a_plain_library(connections, told):
    book = openpyxl.load_workbook(f"{connections[ALLOWANCE]['folder']}/低保对象台账.xlsx")
    assert book.sheetnames[0] == "虹桥街道"
    assert len(book.sheetnames) == 2
    columns = contracts()[ALLOWANCE].source_columns
    found = []
    for sheet in book:
        values = list(sheet.iter_rows(values_only=True))
        assert {str(each) for each in sheet.merged_cells.ranges} == {"A1:N1", "A2:N2"}
        assert values[0][0] == f"{sheet.title}最低生活保障对象台账"
        header, people, total, signed = values[2], values[3:-2], values[-2], values[-1]
        assert str(total[0]).startswith("合计")
        assert str(signed[0]).startswith("制表人")
        for each in people:
            row = dict(zip(header, each, strict=True)) | {"乡镇街道": sheet.title}
            amount = row["月保障金额"]
            assert all(isinstance(value, str | None) for name, value in row.items() if name != "月保障金额")
            row["月保障金额"] = f"{amount:.0f}" if isinstance(amount, int | float) else amount
            found.append(tuple(row[name] or "" for name in columns))
    assert sorted(found) == sorted(rows(told[ALLOWANCE], columns))


def test_the_allowance_starts_in_three_habits(told):
    months = told[ALLOWANCE].table["享受起始年月"].to_pylist()
    assert {"." in each for each in months} == {True, False}
    assert any("年" in each for each in months)
    assert any("-" in each for each in months)


def test_the_pension_file_has_fixed_byte_widths(connections, told, city):
    (path,) = city.simulated.glob("stores/social_security/pension_insurance/*")
    assert str(path.parent) == connections[PENSION]["folder"]
    lines = gzip.decompress(path.read_bytes()).split(b"\r\n")
    day = path.name.removeprefix("YLBX_").removesuffix(".txt.gz")
    head, body, tail, rest = lines[0], lines[1:-2], lines[-2], lines[-1]
    assert head == f"H{day}".encode()
    assert tail == f"T{len(body):010d}".encode()
    assert rest == b""
    widths = contracts()[PENSION].connector.options["fields"]
    found = []
    for line in body:
        assert len(line) == 1 + sum(widths.values())
        assert line[:1] == b"D"
        place, values = 1, []
        for width in widths.values():
            values.append(line[place : place + width].decode("gb18030").strip())
            place += width
        found.append(tuple(values))
    assert found == rows(told[PENSION], widths)


def test_padding_counts_bytes_also_of_four_byte_characters(tmp_path):
    names = ["王䶮", "欧阳𬴊𬍛", "李四", ""]
    filled = {name: [""] * len(names) for name in pension.WIDTHS} | {"姓名": names, "月养老金": ["1.00"] * 4}
    people = table(**{name: pa.array(values) for name, values in filled.items()})
    pension.write([people], date(2026, 11, 24), Place(tmp_path))
    lines = gzip.decompress((tmp_path / "YLBX_20261124.txt.gz").read_bytes()).split(b"\r\n")[1:5]
    assert {len(line) for line in lines} == {1 + sum(pension.WIDTHS.values())}
    assert [line[13:53].decode("gb18030").rstrip() for line in lines] == names
    assert lines[0][90:100] == b"      1.00"


def test_what_does_not_fit_its_field_is_refused(tmp_path):
    people = table(**{name: pa.array(["长" * 70]) for name in pension.WIDTHS})
    with pytest.raises(ValueError, match="does not fit"):
        pension.write([people], date(2026, 11, 24), Place(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_enterprise_register_is_a_sqlite_database(connections, told):
    columns = told[ENTERPRISES].table.column_names
    with closing(sqlite3.connect(connections[ENTERPRISES]["file"])) as connection:
        found = connection.execute(f"select {', '.join(columns)} from ENT_BASE").fetchall()
        kinds = dict(connection.execute("select name, type from pragma_table_info('ENT_BASE')").fetchall())
    capital = columns.index("REGCAP")
    expected = rows(told[ENTERPRISES], columns)
    assert [row[:capital] + row[capital + 1 :] for row in found] == [
        row[:capital] + row[capital + 1 :] for row in expected
    ]
    assert {type(row[capital]) for row in found} == {float, str}
    assert kinds.pop("REGCAP") == "REAL"
    assert set(kinds.values()) == {"TEXT"}


def test_the_licences_are_well_formed_xml(connections, told):
    root = ElementTree.parse(f"{connections[LICENCES]['folder']}/食品经营许可导出.xml").getroot()
    fields = contracts()[LICENCES].connector.options["fields"]
    assert root.tag == "licences"
    assert root.attrib["exported"]

    def value(licence, path):
        return licence.get(path[1:]) if path.startswith("@") else licence.findtext(path)

    found = [tuple(value(licence, path) for path in fields.values()) for licence in root]
    assert found == rows(told[LICENCES], fields)


def test_markup_in_names_stays_text(tmp_path):
    columns = table(**{name: pa.array(["A&B <一> 店"]) for _, name in licences.ELEMENTS})
    licences.write([columns], date(2026, 11, 24), Place(tmp_path))
    (licence,) = ElementTree.parse(tmp_path / licences.FILE).getroot()
    assert licence.findtext("subject/name") == licence.get("updated") == "A&B <一> 店"


def test_json_is_escaped():
    values = table(a=pa.array(['he said "no" \\', None]), b=pa.array(["1", None]))
    assert [json.loads(each) for each in json_text.objects(values, bare=("b",)).to_pylist()] == [
        {"a": 'he said "no" \\', "b": 1},
        {"a": None, "b": None},
    ]
