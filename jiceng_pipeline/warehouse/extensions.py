"""DuckDB extensions from their wheels: nothing is ever downloaded at run time."""

import importlib.util
from functools import cache
from pathlib import Path

import duckdb

from jiceng_pipeline.core.errors import DefinitionError


@cache
def path(name: str) -> Path:
    """Return the extension file of the installed wheel `duckdb-extension-<name>`."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    version = f"v{duckdb.__version__}"
    for location in (spec.submodule_search_locations or []) if spec else []:
        found = Path(location, "extensions", version, f"{name}.duckdb_extension")
        if found.exists():
            return found
    raise DefinitionError(
        f"DuckDB {version} 的扩展 {name} 没有安装",
        where="warehouse/extensions.py",
        cure=f"安装 duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}",
    )
