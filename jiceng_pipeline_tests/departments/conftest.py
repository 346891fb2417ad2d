"""A home of an operator's own, whose contracts a test writes."""

from pathlib import Path

import pytest
import yaml

RANGER = """\
title: 护林员名册
owner: {name: 林业站, contact: linye@forestry.invalid}
legal_basis: 中华人民共和国森林法
sharing: conditional
entity: resident
connector:
  kind: delimited
  options:
    file: 护林员.csv
    delimiter: ","
key: [证号]
columns:
  姓名: name
  身份证号: citizen_id
  性别: sex_code
ignored:
  - 证号
renames: {身份证号码: 身份证号}
codes:
  性别: {男: "1", 女: "2"}
"""


class Operator:
    """A home and the contracts in it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def write(self, text, name="forestry/ranger.yaml"):
        """Write one contract and return its file."""
        path = self.home / "departments" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else yaml.safe_dump(text, allow_unicode=True), "utf-8")
        return path


@pytest.fixture
def operator(tmp_path, monkeypatch):
    """Return the operator whose home the environment names."""
    monkeypatch.setenv("JICENG_HOME", str(tmp_path))
    return Operator(tmp_path)
