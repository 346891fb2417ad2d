"""Where each system is: `connections.yaml` in the instance's home, written by its operator.

It may hold passwords and tokens, so no message ever quotes what stands in it.
"""

from collections.abc import Mapping

from pydantic import ConfigDict, RootModel

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.errors import DefinitionError, SourceUnreachable
from jiceng_pipeline.core.settings import Settings

_PLACES = {"file", "folder"}  # relative ones are below the instance's home


class _Connections(RootModel[dict[str, dict[str, str]]]):
    model_config = ConfigDict(hide_input_in_errors=True)


def read(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return system → address, none where there is no file; raise DefinitionError where it is no good."""
    if not settings.connections.exists():
        return {}
    found = documents.read(settings.connections, _Connections, as_text=True).root
    return {system: _placed(settings, address) for system, address in found.items()}


def is_known(settings: Settings, system: str) -> bool:
    """Return whether the file says where `department/system` is."""
    return system in read(settings)


def address(settings: Settings, system: str) -> Mapping[str, str]:
    """Return one system's address; raise SourceUnreachable naming the system and the file otherwise."""
    try:
        known = read(settings)
    except DefinitionError as error:
        raise SourceUnreachable(f"连接配置读不了：{error.what}", where=error.where, cure=error.cure) from None
    if system not in known:
        raise SourceUnreachable(
            f"连接配置里没有 {system}" if known else "没有连接配置",
            where=str(settings.connections),
            cure=f"在这个文件里写上 {system} 的地址",
        )
    return known[system]


def _placed(settings: Settings, address: Mapping[str, str]) -> Mapping[str, str]:
    return {key: str(settings.home / value) if key in _PLACES else value for key, value in address.items()}
