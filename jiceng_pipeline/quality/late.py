"""Modules that a library imports and nobody here uses: they are loaded when somebody does."""

import importlib
import sys
from importlib import util


def postpone(name: str) -> None:
    """Have the module `name` loaded when something of it is first asked for, not where it is imported."""
    spec = None if name in sys.modules else util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    loader = util.LazyLoader(spec.loader)
    spec.loader = loader
    sys.modules[name] = module = util.module_from_spec(spec)
    loader.exec_module(module)
    package, _, attribute = name.rpartition(".")
    if package:  # where it is looked for first: to find it among all modules is already to ask something of it
        setattr(importlib.import_module(package), attribute, module)
