"""Whether contracts and the connectors they name fit together: told at the start, not in the middle of a pull."""

from collections.abc import Iterable

from jiceng_pipeline.connectors import base
from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.departments.contract import Contract, place


def check(contracts: Iterable[Contract]) -> None:
    """Raise DefinitionError naming file, line and cure where a connector could not be run as its contract says."""
    for contract in contracts:
        path, kind = place(contract), contract.connector.kind
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
