"""Light apps (轻应用): one list, board or reminder a file, `dbt_like_sql/light_apps/<app>.sql`.

Its header says beside the common lines `elements` (all that the select sees, and no more than it uses), `masks`
(`check`: opened masked; `full`: that somebody is on the list tells what a mask would hide, so it is opened in full,
with a purpose, or not at all), `owner`, `version` and `view` (list, board, reminder). An app is built once a version,
over the whole instance, in the sandbox; who opens it sees the rows of their scope (`exchange.light_app_page`). It names
no place and no department's system, so a copy of the file serves another city as it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

import duckdb

from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import declaration, lineage, sandbox
from jiceng_pipeline.returns.datasets import Dataset, declared
from jiceng_pipeline.standard.register import elements
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.models import Model, models
from jiceng_pipeline.warehouse.table import Build, Table

SCHEMA: Final = "light_apps"
PLACE: Final = "community_code"
_SERVED: Final = "served"
View = Literal["list", "board", "reminder"]
VIEWS: Final[Mapping[View, str]] = {"list": "名单", "board": "看板", "reminder": "提醒"}


@dataclass(frozen=True, kw_only=True)
class LightApp(Dataset):
    """One light app. As a dataset its name is `light_app:<id>`: what a grant names."""

    id: str
    audience: str
    owner: str
    app_version: str
    view: View
    profile: Literal["check", "full"]
    model: Model

    @property
    def table(self) -> str:
        """Return its table in a published version."""
        return f"{SCHEMA}.{self.id}"


@cache
def light_apps(folder: Path) -> Mapping[str, LightApp]:
    """Read every app of the folder of SQL models; raise DefinitionError where a header is wrong."""
    return {model.name: _read(model) for model in models(folder).values() if model.schema == SCHEMA}


def find(folder: Path, wanted: str) -> LightApp:
    """Return the app of that name or title; raise UsageError where there is none."""
    known = light_apps(folder)
    for app in known.values():
        if wanted in {app.id, app.title}:
            return app
    raise UsageError("没有这个轻应用", where=f"轻应用 {wanted}", cure="用 jiceng app list 查看")


def tables(folder: Path) -> tuple[Table, ...]:
    """Return the apps as tables of the build."""
    return tuple(
        Table(
            SCHEMA,
            app.id,
            app.title,
            app.purpose,
            app.model.depends,
            _build(app),
            sql=app.model.sql,
            columns=app.columns,
            is_one_transaction=False,  # views are made in a second database, and one transaction writes to one
            is_alone=True,  # the sandbox locks the database
        )
        for app in light_apps(folder).values()
    )


def check(settings: Settings, app: LightApp) -> None:
    """Raise DefinitionError where the version being served could not have the app; nothing of it is read or made."""
    version = publish.find(settings)
    with connect(settings=settings, attach={_SERVED: version.database}) as connection:
        connection.execute(f"use {_SERVED}")
        approve(connection, app)


def approve(connection: duckdb.DuckDBPyConnection, app: LightApp) -> tuple[str, sandbox.Checked]:
    """Shut a connection to a build or a version in the sandbox and return its name with the select that may run there.

    Raise DefinitionError for a select that is more than one, that names what its header does not declare or the other
    way round, or that shows a value under a name whose mask does not fit it.
    """
    where = str(app.model.path)
    select = sandbox.checked(connection, app.model.sql, where)
    held = _held(connection, select.tables)
    seen = visible(held, app)
    home = sandbox.enter(connection, select, seen)
    try:
        sandbox.binds(connection, select, PLACE)
    except duckdb.BinderException as error:
        raise declaration.undeclared(app.id, select.node, held, seen, str(error), where) from None
    if wrong := declaration.unneeded(app.id, select.node, held, app.inputs, where):
        raise wrong
    free = {column for table in sandbox.OPEN & set(seen) for column in seen[table]}
    lineage.guard(
        select.node, app.elements, app.inputs, free, app.profile, app.declares,
        lambda what: sandbox.refused(what, where),
    )  # fmt: skip
    return home, select


def visible(held: declaration.Columns, app: LightApp) -> declaration.Columns:
    """Return for each table the columns the app may see: the declared elements, all of a table about nobody."""
    where = str(app.model.path)
    if absent := sorted(table for table, columns in held.items() if not columns):
        raise DefinitionError(f"轻应用 {app.id} 要读的表 {absent[0]} 这里没有", where=where, cure="改正表名")
    seen = {
        table: [column for column in columns if table in sandbox.OPEN or column in app.inputs]
        for table, columns in held.items()
    }
    if bare := sorted(table for table, columns in seen.items() if not columns):
        raise DefinitionError(
            f"轻应用 {app.id} 没有声明表 {bare[0]} 的任何数据元",
            where=where,
            cure="把要用的补在 -- elements: 一行",
        )
    return seen


def _build(app: LightApp) -> Build:
    def build(connection: duckdb.DuckDBPyConnection, _: Settings) -> None:
        home, select = approve(connection, app)
        sandbox.fill(connection, home, app.table, select, PLACE)

    return build


def _held(connection: duckdb.DuckDBPyConnection, tables: frozenset[str]) -> declaration.Columns:
    columns: dict[str, list[str]] = {table: [] for table in tables}
    for schema, table, column in connection.execute(
        """select schema_name, table_name, column_name from duckdb_columns()
        where database_name = current_database() order by column_index"""
    ).fetchall():
        if (name := f"{schema}.{table}") in columns:
            columns[name].append(column)
    return columns


def _read(model: Model) -> LightApp:
    said, where = model.header, f"{model.path}:1"
    if missing := [name for name in ("elements", "masks", "owner", "version", "view") if not said.get(name)]:
        raise DefinitionError(f"缺少说明行 -- {missing[0]}: …", where=where, cure="补在文件开头")
    inputs = tuple(part.strip() for part in said["elements"].split(","))
    if unknown := [name for name in (*inputs, *model.columns) if name not in elements()]:
        raise DefinitionError(f"没有数据元 {unknown[0]}", where=where, cure="在 standard/elements/ 中登记后再使用")
    if PLACE not in model.columns:
        raise DefinitionError(f"没有 {PLACE} 一列", where=where, cure="每一行都要说明属于哪个社区")
    view, profile = said["view"], said["masks"]
    if view not in get_args(View) or profile not in ("check", "full"):
        raise DefinitionError(
            "view 或 masks 的写法不对", where=where, cure="view: list|board|reminder；masks: check|full"
        )
    return LightApp(
        name=f"light_app:{model.name}",
        title=model.title,
        purpose=model.purpose,
        columns=model.columns,
        declares=declared(model),
        id=model.name,
        audience=model.audience,
        owner=said["owner"],
        app_version=said["version"],
        view=view,  # type: ignore[arg-type]
        profile=profile,  # type: ignore[arg-type]
        inputs=inputs,
        model=model,
    )
