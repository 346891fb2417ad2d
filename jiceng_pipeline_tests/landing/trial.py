"""A small register in SQLite with its contract, for landing to pull."""

import sqlite3

import pyarrow.parquet as pq
import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline.landing.pull import pull

FIELDS = {
    "department": "civil_affairs",
    "system": "trial",
    "title": "试验登记",
    "owner": {"name": "民政局", "contact": "nobody@civil-affairs.invalid"},
    "legal_basis": "无",
    "sharing": "conditional",
    "entity": "resident",
    "connector": {"kind": "sql", "options": {"table": "T"}},
    "key": ["编号", "证号"],
    "columns": {"姓名": "name", "证号": "citizen_id"},
    "ignored": ["编号"],
    "renames": {"公民身份号码": "证号"},
}
CONTRACT = Contract.model_validate(FIELDS)
COLUMNS = ("姓名", "证号", "编号")


class Register:
    """The store, the instance that pulls it, and what it has landed."""

    def __init__(self, folder):
        self.path = folder / "register.db"
        self.settings = Settings(home=folder / "home")
        self.settings.home.mkdir()
        self.connect(file=str(self.path))

    def connect(self, system=CONTRACT.name, **address):
        """Say in connections.yaml where the system is."""
        self.settings.connections.write_text(yaml.safe_dump({system: address}, allow_unicode=True), "utf-8")

    def hold(self, *rows, columns=COLUMNS):
        """Make the register hold these rows, in this order, and nothing else."""
        self.path.unlink(missing_ok=True)
        database = sqlite3.connect(self.path)
        database.execute(f"create table T ({', '.join(f'{name} text' for name in columns)})")
        database.executemany(f"insert into T values ({', '.join('?' * len(columns))})", rows)
        database.commit()
        database.close()

    def pull(self, contract=CONTRACT, **options):
        """Pull once."""
        return pull(contract, self.settings, **options)

    @property
    def folder(self):
        """Return the system's folder in landing."""
        return snapshot.folder(self.settings, CONTRACT)

    def landed(self):
        """Return the rows in force."""
        return pq.read_table(snapshot.in_force(self.settings, CONTRACT).rows).to_pylist()

    def rejects(self):
        """Return the rejects in force."""
        return pq.read_table(snapshot.in_force(self.settings, CONTRACT).rejects).to_pylist()

    def files(self):
        """Return every file of the system in landing and its content."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}
