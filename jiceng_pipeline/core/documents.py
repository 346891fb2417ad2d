"""Definition files: found by scanning a folder, read strictly, refused with file, line, field and cure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from jiceng_pipeline.core.errors import DefinitionError

_CURES = {
    "missing": "补上这一项",
    "extra_forbidden": "删去这一项，或检查拼写",
    "enum": "改用列出的值之一",
    "literal_error": "改用列出的值之一",
}


class Document(BaseModel):
    """Base of every definition: unknown fields are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


D = TypeVar("D", bound=BaseModel)


class Misplaced(ValueError):
    """What a validator of a whole document raises where it knows which part of it is wrong."""

    def __init__(self, what: str, *part: str, cure: str = "") -> None:
        super().__init__(what)
        self.part, self.cure = part, cure


class _Doubled(yaml.MarkedYAMLError):
    """A key that a mapping has twice."""


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML silently keeps the last of two equal keys; here that is an error.

    Of libyaml, which every wheel of PyYAML has inside: in Python a process took a second to read our definitions.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem_mark=key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _Doubled(problem=f"重复的键 {key}", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError:  # 30 February
            raise yaml.MarkedYAMLError(problem_mark=node.start_mark) from None


class _TextLoader(_UniqueKeyLoader):
    """Every value stays the text that it is: 0123 is no octal number."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the base has it


def files(folder: Path, suffix: str = ".yaml") -> Iterator[Path]:
    """Yield the definition files below `folder`, in the order of their paths."""
    yield from sorted(path for path in folder.rglob(f"*{suffix}") if not path.name.startswith((".", "_")))


def read_text(path: Path) -> str:
    """Return a definition file's text; raise DefinitionError where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"读不出来（{type(error).__name__}）", where=str(path), cure="存为 UTF-8 文本文件"
        ) from None


def read(path: Path, model: type[D], *, as_text: bool = False, **given: Any) -> D:
    """Read one YAML file into `model`; `given` adds what the path says (its id, its folder).

    `as_text`: numbers and dates are not looked for, every value is the text that stands there.
    """
    data, node = _parse(path, _TextLoader if as_text else _UniqueKeyLoader)
    return _validate(path, node, model, {**data, **given})


def read_part(path: Path, part: tuple[str, ...], model: type[D]) -> D:
    """Read what stands at `part` of a YAML file, nothing where there is none, into `model`."""
    data, node = _parse(path)
    for name in part:
        data = data.get(name) or {}
        node = next((value for key, value in node.value if key.value == name), node)
    return _validate(path, node, model, data)


def line(path: Path, *part: str) -> str:
    """Return the file and the line of it on which `part` stands."""
    return f"{path}:{_line(_parse(path)[1], part)}"


def read_all(path: Path, model: type[D]) -> dict[str, D]:
    """Read a YAML file of many definitions, id → fields, into id → `model` (which gets its `id`)."""
    data, node = _parse(path)
    found = {}
    for key, fields in data.items():
        inner = next(value for name, value in node.value if name.value == str(key))
        if not isinstance(fields, dict):
            raise DefinitionError(
                f"{key}：应是 键: 值 的列表", where=f"{path}:{_line(node, (key,))}", cure="参照前一项"
            )
        found[str(key)] = _validate(path, inner, model, {**fields, "id": str(key)})
    return found


def _parse(path: Path, loader: type[_UniqueKeyLoader] = _UniqueKeyLoader) -> tuple[dict[str, Any], yaml.MappingNode]:
    text = read_text(path)
    try:
        parser = loader(text)
        node = parser.get_single_node()
        data = parser.construct_document(node) if node else None
    except yaml.YAMLError as error:
        where = f"{path}:{_line_of(error, text)}"
        if isinstance(error, _Doubled):
            raise DefinitionError(str(error.problem), where=where, cure="只留一个") from None
        # YAML's own words may quote what stands there, a password for one
        raise DefinitionError(
            "不是有效的 YAML", where=where, cure="检查缩进、冒号和引号；以 * & ! % @ { 开头的值和日期请加引号"
        ) from None
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise DefinitionError("文件应是 键: 值 的列表", where=f"{path}:1", cure="参照同一文件夹的其他文件")
    return data, node


def _line_of(error: yaml.YAMLError, text: str) -> int:
    """Return on which line of `text` YAML found its error, the first where it does not say."""
    match error:
        case yaml.MarkedYAMLError(problem_mark=mark) if mark is not None:
            return int(mark.line) + 1
        case yaml.reader.ReaderError(position=int(place)):  # libyaml counts bytes
            return text.encode()[:place].count(b"\n") + 1
    return 1


def _validate(path: Path, node: yaml.Node, model: type[D], data: dict[str, Any]) -> D:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _explain(path, node, error) from None


def _explain(path: Path, node: yaml.Node | None, error: ValidationError) -> DefinitionError:
    """Turn pydantic's most telling complaint into one sentence with a line number."""
    complaints = error.errors(include_url=False, include_input=False)
    # a misspelt field is also a missing one: the spelling is what the reader wants to hear of
    first = min(complaints, key=lambda complaint: complaint["type"] != "extra_forbidden")
    raised = first.get("ctx", {}).get("error")
    part = (*first["loc"], *(raised.part if isinstance(raised, Misplaced) else ()))
    what = raised if isinstance(raised, ValueError) else first["msg"]
    more = f"（另有 {error.error_count() - 1} 处）" if error.error_count() > 1 else ""
    cure = raised.cure if isinstance(raised, Misplaced) else ""
    return DefinitionError(
        "：".join(filter(None, (".".join(map(str, part)), f"{what}{more}"))),
        where=f"{path}:{_line(node, part)}",
        cure=cure or _CURES.get(first["type"], "按说明改正这一项"),
    )


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int:
    """Return the line of the deepest part of `loc` that the file has."""
    line = node.start_mark.line + 1 if node else 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and str(part).isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            break
    return line
