"""The error model under its hash: figures of accuracy name it, and it is frozen before thresholds are chosen on it."""

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.simulation import errors
from jiceng_pipeline.simulation.errors import Rates

# the modules that decide what an error looks like and whom it can happen to
MODULES = ("errors", "clerk", "resident_clerk", "enterprise_clerk", "numbers", "variants", "documents")
LENGTH = 16  # hex digits


@dataclass(frozen=True)
class ErrorModel:
    """What a city's errors were made by; `profile` is `custom` for rates of no profile."""

    profile: str
    fingerprint: str
    is_frozen: bool  # it is the one that was frozen


def fingerprint(rates: Rates) -> str:
    """Return the hash of a profile's rates and of all that makes errors of them; comments and layout do not count."""
    digest = sha256(json.dumps(asdict(rates), sort_keys=True).encode())
    for name in MODULES:
        source = Path(__file__).with_name(f"{name}.py").read_text("utf-8")
        digest.update("\0".join((name, *_shape(ast.parse(source)))).encode())
    return digest.hexdigest()[:LENGTH]


def frozen(settings: Settings) -> dict[str, str]:
    """Return the frozen fingerprints: profile → fingerprint."""
    found: dict[str, str] = json.loads((settings.reference / "error_model.json").read_text("utf-8"))
    return found


def noted(rates: Rates) -> dict[str, str]:
    """Return what `city.json` notes of the model a city is made by: profile, error_model."""
    profile = next((name for name, known in errors.PROFILES.items() if known == rates), "custom")
    return {"profile": profile, "error_model": fingerprint(rates)}


def of_city(settings: Settings) -> ErrorModel:
    """Return what the errors of this instance's city were made by, to be put beside every figure of accuracy.

    Raises UsageError where no city has been simulated.
    """
    try:
        made = json.loads((settings.simulated / "city.json").read_text("utf-8"))
        profile, model = made["profile"], made["error_model"]
    except (OSError, ValueError, KeyError):
        raise UsageError("还没有模拟城市", where=str(settings.simulated), cure="先运行 jiceng simulate") from None
    return ErrorModel(profile, model, frozen(settings).get(profile) == model)


def _shape(node: ast.AST) -> Iterator[str]:
    """Yield the words a piece of code consists of, without docstrings."""
    yield type(node).__name__
    for _, value in ast.iter_fields(node):
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                if not _is_docstring(each):
                    yield from _shape(each)
            elif each is not None:
                yield repr(each)


def _is_docstring(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
