"""角色 (roles): one YAML a role in `roles/`, found by scanning: what holding a post of it lets somebody see and do.

What may be done has a name, an act (操作). An act is known as soon as a role has it; nobody else may do it.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.documents import Document
from jiceng_pipeline.core.errors import DefinitionError, UsageError
from jiceng_pipeline.ledger.kinds.grant import Profile

ROLES = Path(__file__).with_name("roles")


class Role(Document):
    """`digits` of the division code a post of it is for, 0: none. Purposes are free, but have to be stated for `full`.

    An administrator's post is held alone and reads no data; its acts are audited also where they succeed.
    """

    code: str
    title: str
    digits: Literal[0, 2, 4, 6, 9, 12]
    has_systems: bool = False
    is_administrator: bool = False
    datasets: tuple[str, ...] | Literal["*"] = ()
    profiles: tuple[Profile, ...] = ()
    acts: tuple[str, ...] = Field(default=(), max_length=40)

    @model_validator(mode="after")
    def _consistent(self) -> "Role":
        if self.is_administrator and (self.datasets or self.profiles or self.digits):
            raise ValueError("管理员岗位不看数据，也不属于某个区划")
        return self


@cache
def roles() -> Mapping[str, Role]:
    """Read every role, keyed and ordered by code."""
    return {path.stem: documents.read(path, Role, code=path.stem) for path in documents.files(ROLES)}


def find(code: str) -> Role:
    """Return the role of that code; raise UsageError where there is none."""
    if code in roles():
        return roles()[code]
    listed = "、".join(f"{each.code}（{each.title}）" for each in roles().values())
    raise UsageError("没有这个角色", where=f"角色 {code}", cure=f"可用：{listed}")


def holders_of(act: str) -> tuple[Role, ...]:
    """Return the roles that may do it; raise DefinitionError for an act that no role has."""
    found = tuple(each for each in roles().values() if act in each.acts)
    if not found:
        raise DefinitionError(f"没有角色可以做 {act}", where=str(ROLES), cure="在角色文件的 acts 中登记")
    return found
