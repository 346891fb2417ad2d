"""What a kind of event is: a `Body` in a file of `kinds/`, found by scanning, checked strictly."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.ledger import kinds


class Body(BaseModel):
    """What an event of one kind says. `bears_on_data`: a build is a function of it, so a build copies it.

    `is_finding`: a sync wrote down what it found. A build of the same things finds the same again, so it is
    no news to it; it bears on what comes later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    bears_on_data: ClassVar[bool] = False
    is_finding: ClassVar[bool] = False


@cache
def body_of(kind: str) -> type[Body]:
    """Return the body model of `kind`; raise DefinitionError where there is no such file."""
    if kind not in names():
        raise DefinitionError(f"没有事件种类 {kind}", where="ledger/kinds", cure=f"可用：{'、'.join(names())}")
    module = importlib.import_module(f"{kinds.__name__}.{kind}")
    found: type[Body] = getattr(module, kind.title().replace("_", ""))
    return found


@cache
def names() -> tuple[str, ...]:
    """Return the kinds there are, found by scanning this folder."""
    return tuple(sorted(each.name for each in pkgutil.iter_modules(kinds.__path__)))


def bearing_on_data() -> tuple[str, ...]:
    """Return the kinds that a build reads."""
    return tuple(kind for kind in names() if body_of(kind).bears_on_data)


def name_of(body: type[Body]) -> str:
    """Return the kind a body model belongs to."""
    return body.__module__.rpartition(".")[2]


def checked(kind: str, body: Body | Mapping[str, Any]) -> Body:
    """Return `body` as the model of its kind; raise UsageError, naming the field but no value."""
    expected = body_of(kind)
    if isinstance(body, expected):
        return body
    try:
        return expected.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "内容"
        raise UsageError(f"{field} 不合要求（{first['type']}）", where=f"事件 {kind}", cure="改正后再记入") from None
