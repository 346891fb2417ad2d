"""Databases: one table or view, read through the database that the address names by its scheme."""

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import cast

from jiceng_pipeline.connectors import databases
from jiceng_pipeline.connectors.base import Extract, Source
from jiceng_pipeline.connectors.databases.table import Table
from jiceng_pipeline.core.errors import SourceUnreachable


class Options(Table):
    """Which table of the database at `url` (`postgresql://`, `mysql://`, `sqlite:///`), or of the SQLite `file`."""


def read(source: Source, options: Options) -> Extract:
    """Return the table's rows, every value as the database itself writes it as text.

    The same contract may be served by any of the databases: only connections.yaml says which.
    """
    scheme = "sqlite" if "file" in source.address else source.at("url").partition("://")[0]
    database = schemes().get(scheme)
    if database is None:
        raise SourceUnreachable(
            "url 不是认识的数据库地址",
            where=source.system,
            cure=f"在 connections.yaml 里写成 协议://用户@主机/库名，协议是 {'、'.join(schemes())} 之一",
        )
    return cast(Extract, database.read(replace(source, optional=()), options))  # a table has its columns


@cache
def schemes() -> dict[str, ModuleType]:
    """Return URL scheme → the module that reads such a database, found by scanning `databases/`."""
    names = sorted(module.name for module in pkgutil.iter_modules(databases.__path__))
    modules = [importlib.import_module(f"{databases.__name__}.{name}") for name in names]
    return {scheme: module for module in modules for scheme in getattr(module, "SCHEMES", ())}
