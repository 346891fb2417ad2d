"""What every connector is given and gives back.

A connector is a module of this folder with `class Options(Document)` and
`read(source: Source, options: Options) -> Extract`. It guesses nothing: every value is the text the
system has, and what it cannot read as a row becomes a Reject, never a silence.
"""

import importlib
import pkgutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from jiceng_pipeline import connectors
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import DefinitionError, SourceUnreachable

FILE, ROW = "_file", "_row"  # where in the source a row stands; every batch has them first
UNENDED = "unended"  # the note of a file whose last line has no end
BATCH_ROWS = 50_000


@dataclass(frozen=True)
class Since:
    """What is asked for where not everything is: rows whose `column` is `value` or above."""

    column: str
    value: str


@dataclass(frozen=True)
class Source:
    """One system as a connector sees it: its name, the promised columns, and where it is."""

    system: str
    columns: tuple[str, ...]
    renames: Mapping[str, str]
    address: Mapping[str, Any] = field(repr=False)  # its entry in connections.yaml; may hold a token
    since: Since | None = None  # only for connectors that can be asked so
    optional: tuple[str, ...] = ()  # of the columns, those an interface may leave out: then they are null

    def at(self, key: str) -> str:
        """Return `key` of the address; raise SourceUnreachable where connections.yaml lacks it."""
        value = self.address.get(key)
        if not isinstance(value, str) or not value:
            raise SourceUnreachable(
                f"连接配置里没有 {key}", where=self.system, cure=f"在 connections.yaml 的这个系统下写上 {key}"
            )
        return value


@dataclass(frozen=True)
class Reject:
    """A row that is there but cannot be read; `reason` is Chinese and holds no value of the row."""

    file: str
    row: int | None
    reason: str


@dataclass
class Extract:
    """A delivery being read. `rejects` and `promised_rows` are complete once `batches` is used up."""

    batches: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))
    rejects: list[Reject] = field(default_factory=list)  # a reader may take out what it has dealt with
    promised_rows: int | None = None  # what the source itself says it sent, where it says so
    source_bytes: int = 0
    notes: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Stop reading and close what is open, wherever the reading stands."""
        if isinstance(self.batches, Generator):
            self.batches.close()


def schema(columns: Sequence[str]) -> pa.Schema:
    """Return the schema of every batch: where the row stands, then the columns as text."""
    return pa.schema([(FILE, pa.string()), (ROW, pa.int64()), *((name, pa.string()) for name in columns)])


def batch(columns: Sequence[str], file: str, rows: pa.Array, values: Sequence[pa.Array]) -> pa.RecordBatch:
    """Return one batch: where the rows stand, then `values`, text in the order of `columns`."""
    files = pa.repeat(pa.scalar(file, pa.string()), len(rows))
    return pa.RecordBatch.from_arrays([files, rows, *values], schema=schema(columns))


def kinds() -> tuple[str, ...]:
    """Return the connectors there are, found by scanning this folder."""
    found = (module.name for module in pkgutil.iter_modules(connectors.__path__))
    return tuple(sorted(name for name in found if hasattr(_module(name), "read")))


def load(kind: str) -> Any:
    """Return the connector module of that kind; raise DefinitionError where there is none."""
    try:
        module = _module(kind)
    except ModuleNotFoundError as error:
        if error.name != f"{connectors.__name__}.{kind}":
            raise
        module = None
    if not hasattr(module, "read"):
        raise DefinitionError(f"没有连接器 {kind}", where="connector.kind", cure=f"用已有的一种：{'、'.join(kinds())}")
    return module


def _module(name: str) -> Any:
    return importlib.import_module(f"{connectors.__name__}.{name}")


def options_of(kind: str, options: Mapping[str, Any]) -> Document:
    """Check a contract's connector options by the connector's own model; raise DefinitionError."""
    try:
        checked: Document = load(kind).Options.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise DefinitionError(
            f"{'.'.join(str(part) for part in first['loc'])}：{first['msg']}",
            where=f"connector.options（{kind}）",
            cure=f"按 connectors/{kind}.py 中 Options 的说明改正",
        ) from None
    return checked
