"""One roll of people in a store of every kind, for its owner to change without a word."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import ClassVar
from xml.sax.saxutils import escape

import xlsxwriter
import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing.pull import pull
from jiceng_pipeline.landing.standardise import tables
from jiceng_pipeline.standard.identifiers import citizen_check_sign
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.table import materialise

COLUMNS = ("编号", "姓名", "证号", "性别", "电话", "类别", "月保障金额", "社区")
ELEMENTS = {
    "姓名": "name",
    "证号": "citizen_id",
    "性别": "sex_code",
    "电话": "phone",
    "类别": "subsistence_category_code",
    "月保障金额": "subsistence_monthly_cny",
    "社区": "community_code",
}
COMMUNITY, ELSEWHERE = "320613005001", "320612001001"
SEXES, CATEGORIES = {"男": "1", "女": "2"}, {"城市": "1", "农村": "2"}
COUNT = 40


def citizen_id(number):
    """Return a valid id number."""
    first = f"32060219500101{number:03d}"
    return first + citizen_check_sign(first)


def people(count=COUNT):
    """Return the rows of the roll."""
    names = [a + b for a in "王李张刘陈赵周" for b in "小大建国秀英"]
    return [
        (
            f"A{number}",
            names[number],
            citizen_id(number),
            "男女"[number % 2],
            f"139{number + 12345678}",
            ("城市", "农村")[number % 2],
            f"{600 + 10 * (number % 9)}.00",
            COMMUNITY,
        )
        for number in range(count)
    ]


def standard_of(rows):
    """Return what the standard table holds of such rows."""
    return sorted(
        (name, number, SEXES[sex], phone, CATEGORIES[category], float(amount), community)
        for _, name, number, sex, phone, category, amount, community in rows
    )


def contract(kind, options, **more):
    """Return the roll's contract for one connector."""
    return Contract.model_validate(
        {
            "department": "civil_affairs",
            "system": "roll",
            "title": "名册",
            "owner": {"name": "民政局", "contact": "nobody@civil-affairs.invalid"},
            "legal_basis": "无",
            "sharing": "conditional",
            "entity": "resident",
            "jurisdiction": "320613",
            "connector": {"kind": kind, "options": options},
            "key": ["编号"],
            "columns": ELEMENTS,
            "ignored": ["编号"],
            "renames": {"公民身份号码": "证号"},
            "codes": {"性别": SEXES, "类别": CATEGORIES},
            **more,
        }
    )


class Store:
    """A file in a folder; each kind says how it is written and read."""

    kind = file = ""
    options: ClassVar[dict[str, object]] = {}

    def __init__(self, folder, divisions):
        self.divisions = divisions  # a database that has the division tree
        self.folder = folder / "store"
        self.folder.mkdir(exist_ok=True)
        self.path = self.folder / self.file
        self.settings = Settings(home=folder / "home")
        self.settings.home.mkdir(exist_ok=True)
        self.contract = contract(self.kind, self.options)
        address = yaml.safe_dump({self.contract.name: self.address}, allow_unicode=True)
        self.settings.connections.write_text(address, "utf-8")

    @property
    def address(self):
        """Return what connections.yaml says of it."""
        return {"folder": str(self.folder)}

    def write(self, columns, rows):
        """Hold these rows and nothing else."""
        raise NotImplementedError

    def pull(self):
        """Pull once."""
        return pull(self.contract, self.settings)

    def standard(self):
        """Return the values in force, standardised, and column, reason and number of what is quarantined."""
        made = {table.full_name: table for table in tables({self.contract.name: self.contract})}
        database = Path(shutil.copy(self.divisions, self.folder.parent / "built.duckdb"))
        with connect(database, settings=self.settings) as connection:
            for name in (self.contract.table, "quarantine"):
                materialise(connection, made[f"standard.{name}"], self.settings)
            values = connection.execute(
                f"select {', '.join(ELEMENTS.values())} from standard.{self.contract.table} where is_current"
            ).fetchall()
            quarantined = connection.execute(
                "select source_column, reason, count(*) from standard.quarantine group by all order by all"
            ).fetchall()
        return sorted(values, key=str), quarantined


def divisions(path):
    """Make a database that has the division tree and return its file."""
    settings = Settings(home=path.parent)
    made = {table.full_name: table for table in tables({})}
    with connect(path, settings=settings) as connection:
        for name in ("division", "division_alias"):
            materialise(connection, made[f"standard.{name}"], settings)
    return path


class Csv(Store):
    """Delimited text in GB18030."""

    kind, file, options = "delimited", "名册.csv", {"file": "名册.csv"}

    def write(self, columns, rows, encoding="gb18030"):
        lines = [",".join(map(str, row)) for row in (columns, *rows)]
        self.path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))


class Xlsx(Store):
    """A workbook; text cells, but what is a number is one."""

    kind, file = "excel", "名册.xlsx"
    options = {"file": "名册.xlsx", "header_contains": ["编号", "性别"]}  # noqa: RUF012 - read only

    def write(self, columns, rows, above=()):
        with xlsxwriter.Workbook(str(self.path)) as book:
            sheet = book.add_worksheet("名册")
            for place, row in enumerate([*above, columns, *rows]):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(place, column, cell)
                    else:
                        sheet.write_number(place, column, cell)


class Sqlite(Store):
    """A table of a SQLite file."""

    kind, file, options = "sql", "名册.db", {"table": "T"}

    @property
    def address(self):
        return {"file": str(self.path)}

    def write(self, columns, rows):
        self.path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as database:
            database.execute(f"create table T ({', '.join(columns)})")
            database.executemany(f"insert into T values ({', '.join('?' * len(columns))})", rows)
            database.commit()


class Jsonl(Store):
    """One object a line."""

    kind, file, options = "json_lines", "名册.jsonl", {"file": "名册.jsonl"}

    def write(self, columns, rows, encoding="utf-8"):
        lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]
        self.path.write_bytes("".join(line + "\n" for line in lines).encode(encoding))


class Xml(Store):
    """One element a record."""

    kind, file = "xml", "名册.xml"
    options = {"file": "名册.xml", "record": "行", "fields": {name: name for name in COLUMNS}}  # noqa: RUF012

    def write(self, columns, rows, encoding="utf-8"):
        cells = ["".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in zip(columns, row, strict=True)) for row in rows]
        text = "".join(f"<行>{each}</行>\n" for each in cells)
        self.path.write_bytes(f"<?xml version='1.0' encoding='{encoding}'?>\n<表>\n{text}</表>\n".encode(encoding))


STORES = {each.__name__.lower(): each for each in (Csv, Xlsx, Sqlite, Jsonl, Xml)}
