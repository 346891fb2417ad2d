"""血缘 (lineage): which elements the value of each result column of a light app comes from.

Masks go by the column's name, so a value that a mask would hide must not stand under a name for which there is no
mask, or another. A result column therefore takes the class of what it is made of: whatever is named anywhere in its
expression, in conditions as well, through subqueries and CTEs. Only a count for each community says nothing of anybody;
any other, a count of a person's telephones that begin with 138, tells what a mask would hide of what it counts. Names
are taken together over the whole text: one that means two things means both.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.ledger.kinds.grant import Profile
from jiceng_pipeline.returns import masks
from jiceng_pipeline.returns.masks import Masking
from jiceng_pipeline.standard.register import Element, elements

# an element, and whether its value stands there as it is, so that its own mask still fits it
Origin = tuple[str, bool]
Origins = frozenset[Origin]
_CLASSES: Final = ("public", "internal", "personal", "sensitive")
_COUNTS: Final = frozenset({"count", "count_star"})
_CHOICES: Final = frozenset({"any_value", "min", "max", "first_value", "last_value", "lag", "lead"})
_PLACE: Final = "community_code"
_NOTHING: Final[Origins] = frozenset()


def guard(
    node: Mapping[str, Any], columns: Mapping[str, Element], declared: Iterable[str], free: Iterable[str],
    profile: Profile, declares: Collection[str], refused: Callable[[str], DefinitionError],
) -> None:  # fmt: skip
    """Raise what `refused` makes where a result column would show a value that its own class or mask does not cover.

    `node` is the checked select; `declared` are the elements it may see of somebody, `free` columns about nobody.
    """
    seen = frozenset(declared)
    masked = frozenset(n for n in seen if masks.masking(elements()[n], profile, declares) is not masks.SHOWN)
    names = _Names(node, seen, frozenset(free), masked)
    for name, origins in names.results():
        if (told := columns.get(name)) is None:
            continue
        here = masks.masking(told, profile, declares)
        for origin, is_plain in sorted(origins):
            there = masks.masking(elements()[origin], profile, declares)
            if not _may_stand(elements()[origin], told, there, here, is_plain=is_plain):
                raise refused(f"{name}（{told.title}）一列里有 {origin} 的值，{name} 的遮盖管不到它")


def _may_stand(origin: Element, told: Element, there: Masking, here: Masking, *, is_plain: bool) -> bool:
    if _CLASSES.index(origin.sensitivity) > _CLASSES.index(told.sensitivity):
        return False
    return there is masks.SHOWN or here is masks.HIDDEN or (is_plain and there is here)


class _Names:
    """What each name in a select stands for."""

    def __init__(
        self, node: Mapping[str, Any], declared: frozenset[str], free: frozenset[str], masked: frozenset[str]
    ) -> None:
        self._node, self._masked = node, masked
        self._places = frozenset((name, True) for name in {*free, _PLACE})
        self._nested = {id(each) for inner in _parts(node) if "subquery" in inner for each in _selects(inner)}
        self._everything: Origins = frozenset((name, False) for name in declared)
        self._rows = frozenset(_row_names(node))
        made = (_name(each) for select in _selects(node) for each in select.get("select_list", ()))
        self._of: dict[str, Origins] = dict.fromkeys((*free, *filter(None, made)), _NOTHING)
        self._of |= {name: frozenset({(name, True)}) for name in declared}
        while self._learnt():
            pass

    def results(self) -> list[tuple[str, Origins]]:
        """Return the name and the origins of every column of the whole."""
        return self._outputs(self._node)

    def _learnt(self) -> bool:
        """Add what the columns of every select inside are made of; say whether anything was new."""
        before = dict(self._of)
        for select in _selects(self._node):
            for name, origins in self._outputs(select):
                if name:
                    self._of[name] = self._of.get(name, _NOTHING) | origins
        return self._of != before

    def _outputs(self, node: Mapping[str, Any]) -> list[tuple[str, Origins]]:
        if node["type"] == "SELECT_NODE":
            counted = self._counted(node)
            return [(_name(each), self._origins(each, counted)) for each in node["select_list"]]
        if node["type"] == "SET_OPERATION_NODE":
            left, right = self._outputs(node["left"]), self._outputs(node["right"])
            return [(name, one | other) for (name, one), (_, other) in zip(left, right, strict=False)]
        return self._outputs(node["child"]) if "child" in node else []

    def _counted(self, select: Mapping[str, Any]) -> Origins | None:
        """Return what decides which rows a select counts, as far as a mask hides it; None where it counts by place.

        Of what a select within an expression or a join counts nobody knows, for it may look at the row outside.
        """
        keys = select["group_expressions"]
        if keys and id(select) not in self._nested and all(self._is_place(each) for each in keys):
            return None
        return self._hidden([select["from_table"], select["where_clause"], select["having"]])

    def _is_place(self, key: Any) -> bool:
        return key["type"] == "COLUMN_REF" and self._named(key["column_names"]) <= self._places

    def _hidden(self, part: Any) -> Origins:
        return frozenset(origin for origin in self._inside(part) if origin[0] in self._masked)

    def _origins(self, part: Any, counted: Origins | None) -> Origins:
        """Return what a value is made of; `counted` as above, of the select that it stands in."""
        kind, function = part["type"], part.get("function_name")
        if kind == "COLUMN_REF":
            return self._named(part["column_names"])
        if function in _COUNTS:
            is_by_place = counted is None and kind == "FUNCTION"  # the same name over a window ranks
            return _NOTHING if is_by_place else self._hidden(part) | (counted or _NOTHING)
        if kind == "OPERATOR_COALESCE":
            return self._all(part["children"], counted)
        if kind == "CASE_EXPR":
            results = [each["then_expr"] for each in part["case_checks"]] + [part["else_expr"]]
            return self._all(results, counted) | self._inside([each["when_expr"] for each in part["case_checks"]])
        if function in _CHOICES:
            return self._all(part["children"], counted) | self._inside({**part, "children": []})
        counts = any(each.get("function_name") in _COUNTS for each in _parts(part))
        return self._inside(part) | (counted or _NOTHING if counts else _NOTHING)

    def _named(self, path: list[str]) -> Origins:
        name = path[-1].lower()
        if len(path) == 1 and name in self._rows:
            return self._everything
        return self._of.get(name, self._everything)

    def _all(self, parts: Iterable[Any], counted: Origins | None) -> Origins:
        return frozenset(origin for each in parts if each for origin in self._origins(each, counted))

    def _inside(self, part: Any) -> Origins:
        """Return the origins of whatever is named inside: no longer as it is."""
        found = (self._named(each["column_names"]) for each in _parts(part) if each.get("type") == "COLUMN_REF")
        return frozenset((name, False) for origins in found for name, _ in origins)


def _name(part: Mapping[str, Any]) -> str:
    """Return what a result column is called, nothing where DuckDB makes a name up."""
    bare = part["column_names"][-1] if part["type"] == "COLUMN_REF" else ""
    return str(part["alias"] or bare).lower()


def _selects(part: Any) -> Iterator[Mapping[str, Any]]:
    return (each for each in _parts(part) if each.get("type") in {"SELECT_NODE", "SET_OPERATION_NODE"})


def _row_names(part: Any) -> Iterator[str]:
    """Yield the names that stand for whole rows."""
    for each in _parts(part):
        if each.get("type") in {"BASE_TABLE", "SUBQUERY"}:
            yield str(each["alias"] or each.get("table_name", "")).lower()


def _parts(part: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every node of a tree, the outer before the inner."""
    if isinstance(part, Mapping):
        if isinstance(part.get("type"), str):  # of a constant's value it is a mapping
            yield part
        for value in part.values():
            yield from _parts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _parts(value)
