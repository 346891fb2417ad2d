"""SQL models: `dbt_like_sql/<schema>/<table>.sql`, one select a file, dependencies read from the SQL.

A model is a table, or, where its header says `materialized: view`, a view: rows that stand elsewhere under other names
are not written twice.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import duckdb

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import blank
from jiceng_pipeline.warehouse.table import Build, Table

_HEADER = re.compile(r"^-- (\w+): *(.*)$")
_FIELDS = ("title", "purpose", "audience", "grain", "columns")


@dataclass(frozen=True)
class Model:
    """One SQL file: what its header says, its text, and the tables it reads.

    `header` has every line of the header; rooms whose files say more than the six common ones read it there.
    """

    schema: str
    name: str
    sql: str
    title: str
    purpose: str
    audience: str
    grain: str
    columns: tuple[str, ...]
    path: Path
    header: Mapping[str, str]

    @property
    def full_name(self) -> str:
        """Return `schema.table`."""
        return f"{self.schema}.{self.name}"

    @property
    def is_view(self) -> bool:
        """Whether it is kept as a view."""
        return self.header.get("materialized", "table") == "view"

    @cached_property
    def depends(self) -> frozenset[str]:
        """Return the full names of the tables it reads; raise DefinitionError where the SQL breaks a rule."""
        import sqlglot  # 0.3 s, which those who only want a header need not pay
        from sqlglot import exp
        from sqlglot.optimizer.scope import traverse_scope

        try:
            tree = sqlglot.parse_one(self.sql, read="duckdb")
        except sqlglot.ParseError as error:
            line = error.errors[0].get("line", 1) if error.errors else 1
            raise self._wrong("不是一条有效的 select 语句", "改正 SQL", line) from None
        if not isinstance(tree, exp.Query):
            raise self._wrong("不是一条 select 语句", "一个文件写一条 select")
        if tuple(tree.named_selects) != self.columns:
            raise self._wrong("查询的列与 -- columns: 不一致", "让两者的列名和顺序相同")
        sources = {
            source
            for scope in traverse_scope(tree)
            for source in scope.sources.values()
            if isinstance(source, exp.Table)
        }
        if bare := sorted(table.name for table in sources if not table.db):
            raise self._wrong(f"表 {bare[0]} 没有写出所在的层", "写成 层.表")
        return frozenset(f"{table.db}.{table.name}" for table in sources)

    def _wrong(self, what: str, cure: str, line: int = 1) -> DefinitionError:
        return DefinitionError(what, where=f"{self.path}:{line}", cure=cure)


@cache
def models(folder: Path) -> Mapping[str, Model]:
    """Read every model below `folder`, keyed by full name."""
    found = [_read(path) for path in documents.files(folder, ".sql")]
    return {model.full_name: model for model in found}


def tables(folder: Path, elsewhere: Collection[str] = ()) -> tuple[Table, ...]:
    """Return the models as tables of the build, but for the schemas that another room makes `elsewhere`."""
    return tuple(
        Table(
            schema=model.schema,
            name=model.name,
            title=model.title,
            purpose=model.purpose,
            depends=model.depends,
            build=_create(model),
            sql=model.sql,
            columns=model.columns,
            is_view=model.is_view,
        )
        for model in models(folder).values()
        if model.schema not in elsewhere
    )


def _create(model: Model) -> Build:
    def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        if model.is_view:
            connection.execute(f"create or replace view {model.full_name} as\n{model.sql}")
        else:
            blank.create(connection, model.full_name, model.sql)

    return build


def _read(path: Path) -> Model:
    text = documents.read_text(path)
    header: dict[str, str] = {
        match[1]: match[2].strip() for line in text.splitlines() if (match := _HEADER.match(line)) is not None
    }
    if missing := [name for name in _FIELDS if not header.get(name)]:
        raise DefinitionError(f"缺少说明行 -- {missing[0]}: …", where=f"{path}:1", cure="补在文件开头")
    return Model(
        schema=path.parent.name,
        name=path.stem,
        sql=text,
        title=header["title"],
        purpose=header["purpose"],
        audience=header["audience"],
        grain=header["grain"],
        columns=tuple(part.strip() for part in header["columns"].split(",")),
        path=path,
        header=header,
    )
