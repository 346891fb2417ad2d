"""One reader of the portal as the load test has it: what a clerk clicks on, and whether what comes fits together."""

import random
import re
import time
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

import httpx
import openpyxl

THINK_SECONDS = (5.0, 20.0)  # between two clicks, evenly spread
SURNAMES = "王李张刘陈杨黄赵吴周"
MIX = {  # of a hundred clicks
    "home": 22, "register": 20, "register_page": 8, "find": 14, "dossier": 14, "verify": 7, "downloads": 4,
    "disputes": 2, "pictures": 2, "app": 3, "xlsx": 4,
}  # fmt: skip
_REGISTERS = ("resident_register", "resident_register", "household_register", "enterprise_register", "to_verify")
_WORKBOOKS = ("to_verify", "to_verify", "enterprise_register", "household_register", "resident_register")
_KEYS = {
    "resident_register": "resident_id", "household_register": "household_id",
    "enterprise_register": "enterprise_id", "to_verify": "entity_id",
}  # fmt: skip
_LINK = re.compile(r"/at/\d{12}/resident/([0-9a-f]{8,64})\"")
_AS_OF = re.compile(r"数据截至 (\d{4}-\d\d-\d\d)")
_FIGURE = re.compile(r'<p class="figure">([\d,]+)</p>')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Visit:
    """One request. `rows` are those of a workbook, `label` the day or version it names, `said` what it counts."""

    kind: str
    scope: str
    milliseconds: float
    status: int
    rows: int | None = None
    dataset: str = ""
    label: str = ""
    said: object = None


class Reader:
    """Somebody with a session of his own who clicks, reads, and clicks again."""

    def __init__(self, address: str, scope: str, chance: random.Random) -> None:
        self._client = httpx.Client(base_url=address, timeout=60)
        self._scope, self._chance, self._keys = scope, chance, [""]

    def sign_in(self, account: str, password: str) -> bool:
        """Fill in the page and say whether it let us in; the home page is not counted."""
        token = _TOKEN.search(self._client.get("/login").text)
        told = {"username": account, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
        answer = self._client.post("/login", data=told)
        self._visit("register", "/register/resident_register")  # so that there is somebody to look at
        return answer.status_code == 302

    def read_until(self, ends: float, visits: list[Visit]) -> None:
        """Click and read until then."""
        time.sleep(self._chance.uniform(0, THINK_SECONDS[1]))
        while time.monotonic() < ends:
            kind = self._chance.choices(list(MIX), list(MIX.values()))[0]
            visits.append(self._workbook() if kind == "xlsx" else self._visit(kind, self._address(kind)))
            time.sleep(self._chance.uniform(*THINK_SECONDS))
        self._client.close()

    def _address(self, kind: str) -> str:
        chance = self._chance
        return {
            "home": "",
            "register": f"/register/{chance.choice(_REGISTERS)}",
            "register_page": f"/register/resident_register?page={chance.randint(2, 12)}",
            "find": f"/find?q={quote(chance.choice(SURNAMES))}",
            "dossier": f"/resident/{chance.choice(self._keys)}",
            "app": "/app/elderly_living_alone_visit",
        }.get(kind, f"/{kind}")

    def _get(self, address: str) -> tuple[httpx.Response | None, float]:
        began = time.perf_counter()
        try:
            answer = self._client.get(f"/at/{self._scope}{address}")
        except httpx.HTTPError:
            answer = None
        return answer, (time.perf_counter() - began) * 1_000

    def _visit(self, kind: str, address: str) -> Visit:
        answer, took = self._get(address)
        if answer is None:
            return Visit(kind, self._scope, took, 599)
        if kind == "register" and (found := _LINK.findall(answer.text)):
            self._keys = found
        status = answer.status_code
        if kind == "dossier" and status == 404:  # whoever moved away with the version that came meanwhile
            self._keys, status = self._keys[1:] or self._keys, 200
        label = _AS_OF.search(answer.text) if kind == "home" else None
        counted = tuple(int(each.replace(",", "")) for each in _FIGURE.findall(answer.text)) if label else None
        return Visit(kind, self._scope, took, status, label=label[1] if label else "", said=counted)

    def _workbook(self) -> Visit:
        dataset = self._chance.choice(_WORKBOOKS)
        answer, took = self._get(f"/download/{dataset}.xlsx")
        if answer is None or answer.status_code != 200:
            return Visit("xlsx", self._scope, took, answer.status_code if answer else 599, 0, dataset)
        return Visit("xlsx", self._scope, took, 200, _rows(answer.content), dataset, said=answer.content)


def _rows(content: bytes) -> int:
    """Return how many rows the first sheet has; what they are is compared once the clock has stopped."""
    from zipfile import ZipFile

    with ZipFile(BytesIO(content)) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
        last = re.search(rb'<dimension ref="A1:[A-Z]+(\d+)"', sheet.read(4_000))
    return int(last[1]) - 1 if last else 0


def torn(settings, visits: list[Visit]) -> int:
    """Return how many answers do not fit the version they name."""
    from jiceng_pipeline.warehouse import publish

    found = {name: publish.find(settings, name) for name in publish.versions(settings)}
    days = {version.manifest["inputs"]["business_date"]: version for version in found.values()}
    wrong = 0
    homes = {(each.scope, each.label, each.said) for each in visits if each.kind == "home" and each.status == 200}
    for scope, day, said in homes:
        wrong += day not in days or said != _counted(settings, days[day], scope)
    for each in visits:
        if isinstance(each.said, bytes):
            wrong += not _fits(settings, found, each)
    return wrong


def _counted(settings, version, scope: str) -> tuple[int, ...]:
    from jiceng_pipeline.warehouse.connection import connect

    registers = ("resident_register", "household_register", "enterprise_register")
    with connect(version.database, settings=settings, read_only=True) as connection:
        return tuple(
            connection.execute(f"select count(*) from returned.{each} where community_code = ?", [scope]).fetchall()[0][
                0
            ]
            for each in registers
        )


def _fits(settings, versions, visit: Visit) -> bool:
    """Say whether the rows of a workbook are those of the version it names, by their surrogate keys."""
    from jiceng_pipeline.standard.register import element
    from jiceng_pipeline.warehouse.connection import connect

    book = openpyxl.load_workbook(BytesIO(visit.said), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    named = {line[0]: line[1] for line in book["说明"].iter_rows(max_col=2, values_only=True) if line[0]}["版本"]
    if named not in versions:
        return False
    column = _KEYS[visit.dataset]
    key = rows[0].index(element(column).title)
    with connect(versions[named].database, settings=settings, read_only=True) as connection:
        wanted = connection.execute(
            f"select {column} from returned.{visit.dataset} where community_code = ? order by rowid", [visit.scope]
        ).fetchall()
    return [row[key] for row in rows[1:]] == [each for (each,) in wanted]
