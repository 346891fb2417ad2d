"""Whether contracts and the connectors they name fit together: told at the start, not in the middle of a pull."""

from collections.abc import Iterable
from pathlib import Path

from jiceng_pipeline.connectors import base
from jiceng_pipeline.connectors.base import FILE, ROW
from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.departments.contract import Contract, place
from jiceng_pipeline.landing.snapshot import ENDED, RECORD_ID, ROW_HASH

# what landing and its tables say of a row themselves
_OF_TABLES = "record_id row_hash source_file source_row first_landed landed landed_date is_current since until"
_OURS = frozenset((FILE, ROW, RECORD_ID, ROW_HASH, ENDED, *_OF_TABLES.split()))
_OTHER_NAME = "另起一个名字：columns、ignored、key 里写新名字，renames 里写 {column}: 新名字"


def check(contracts: Iterable[Contract]) -> None:
    """Raise DefinitionError naming file, line and cure where a connector could not be run as its contract says."""
    for contract in contracts:
        path, kind = place(contract), contract.connector.kind
        _check_names(contract, path)
        try:
            options = base.load(kind).Options
        except DefinitionError as error:
            where = documents.line(path, "connector", "kind")
            raise DefinitionError(f"connector.kind：{error.what}", where=where, cure=error.cure) from None
        found = documents.read_part(path, ("connector", "options"), options)
        fields = getattr(found, "fields", None)
        if fields is not None and set(fields) != set(contract.source_columns):
            odd = sorted(set(fields) ^ set(contract.source_columns))
            raise DefinitionError(
                f"connector.options.fields：与 columns、ignored 的列不一致：{'、'.join(odd)}",
                where=documents.line(path, "connector", "options", "fields"),
                cure="让 fields 与 columns、ignored 的列一致",
            )


def _check_names(contract: Contract, path: Path) -> None:
    """Raise DefinitionError where a table of ours could not tell a column from another: SQL knows no case."""
    seen: dict[str, str] = {}
    for column in contract.source_columns:
        fault = None
        if column.lower() in _OURS:
            fault = f"{column} 是本系统自己用的列名"
        elif not column.strip():
            fault = "列没有名字"
        elif twin := seen.get(column.lower()):
            fault = f"{column} 和 {twin} 只差大小写"
        if fault:
            part = ("columns", column) if column in contract.columns else ("ignored",)
            raise DefinitionError(
                f"{part[0]}：{fault}",
                where=documents.line(path, *part),
                cure=_OTHER_NAME.format(column=column) if column.strip() else "请对方给这一列起名，再写进合同",
            )
        seen[column.lower()] = column
