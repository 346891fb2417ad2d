"""血缘 (lineage): which elements the value of each result column of a light app comes from.

Masks go by the column's name, so a value that a mask would hide must not stand under a name for which there is no
mask, or another. A result column therefore takes the class of what it is made of: whatever is named anywhere in its
expression, in conditions as well, through subqueries and CTEs. Only a count for each community says nothing of anybody;
any other, a count of a person's telephones that begin with 138, tells what a mask would hide of what it counts. So
does whether an outer join found a row, or which half of a union one comes from. That a row is in the list at all is
for the app's `masks` to say. Names are taken together over the whole text: one that means two things means both.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from jiceng_pipeline.core.errors import DefinitionError
from jiceng_pipeline.exchange.select_tree import (
    bare,
    ctes,
    deciding,
    name,
    nullable,
    parts,
    references,
    row_names,
    selects,
)
from jiceng_pipeline.ledger.kinds.grant import Profile
from jiceng_pipeline.returns import masks
from jiceng_pipeline.returns.masks import Masking
from jiceng_pipeline.standard.register import Element, elements

# an element, and whether its value stands there as it is, so that its own mask still fits it
Origin = tuple[str, bool]
Origins = frozenset[Origin]
_CLASSES: Final = ("public", "internal", "personal", "sensitive")
_COUNTS: Final = frozenset({"count", "count_star"})
# what tells how many rows there were, if only of a constant
_TALLIES: Final = _COUNTS | {"sum", "list", "array_agg", "string_agg", "row_number", "rank", "dense_rank"}
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
    for column, origins in names.results():
        if (told := columns.get(column)) is None:
            continue
        here = masks.masking(told, profile, declares)
        for origin, is_plain in sorted(origins):
            there = masks.masking(elements()[origin], profile, declares)
            if not _may_stand(elements()[origin], told, there, here, is_plain=is_plain):
                raise refused(f"{column}（{told.title}）一列里有 {origin} 的值，{column} 的遮盖管不到它")


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
        self._places = frozenset((place, True) for place in {*free, _PLACE})
        self._nested = {id(each) for inner in parts(node) if "subquery" in inner for each in selects(inner)}
        self._ctes = ctes(node)
        self._everything: Origins = frozenset((column, False) for column in declared)
        self._rows = frozenset(row_names(node))
        self._nullable = list(nullable(node))
        made = (name(each) for select in selects(node) for each in select.get("select_list", ()))
        self._of: dict[str, Origins] = dict.fromkeys((*free, *filter(None, made)), _NOTHING)
        self._of |= {column: frozenset({(column, True)}) for column in declared}
        while self._learnt():
            pass

    def results(self) -> list[tuple[str, Origins]]:
        """Return the name and the origins of every column of the whole."""
        return self._outputs(self._node)

    def _learnt(self) -> bool:
        """Add what the columns of every select inside are made of; say whether anything was new."""
        before = dict(self._of)
        for select in selects(self._node):
            for column, origins in self._outputs(select):
                if column:
                    self._of[column] = self._of.get(column, _NOTHING) | origins
        return self._of != before

    def _outputs(self, node: Mapping[str, Any]) -> list[tuple[str, Origins]]:
        if node["type"] == "SELECT_NODE":
            counted = None if self._is_by_place(node) else self._decided(node)
            return [(name(each), self._origins(each, counted)) for each in node["select_list"]]
        if node["type"] == "SET_OPERATION_NODE":
            return self._united(node)
        return self._outputs(node["child"]) if "child" in node else []

    def _united(self, node: Mapping[str, Any]) -> list[tuple[str, Origins]]:
        """Return the columns of a union; one that is not the same in both halves tells which half a row is of."""
        left, right = self._outputs(node["left"]), self._outputs(node["right"])
        same = [one and one == other for one, other in zip(_bare(node["left"]), _bare(node["right"]), strict=False)]
        half = self._decided(node)
        return [
            (column, one | other | (_NOTHING if is_same else half))
            for (column, one), (_, other), is_same in zip(left, right, same, strict=False)
        ]

    def _is_by_place(self, select: Mapping[str, Any]) -> bool:
        """Say whether each of its rows is of one place.

        Of a select within an expression or a join nobody knows, for it may look at the row outside.
        """
        keys = select["group_expressions"]
        return bool(keys) and id(select) not in self._nested and all(map(self._is_place, keys))

    def _is_place(self, key: Any) -> bool:
        return key["type"] == "COLUMN_REF" and self._of.get(bare(key), self._everything) <= self._places

    def _decided(self, part: Any) -> Origins:
        """Return what decides which rows there are, as far as a mask hides it."""
        return self._masked_in(list(deciding(part, self._ctes, self._is_by_place)))

    def _hidden(self, part: Any) -> Origins:
        return frozenset(origin for origin in self._referred(part) if origin[0] in self._masked)

    def _origins(self, part: Any, counted: Origins | None) -> Origins:
        """Return what a value is made of; `counted` decides the rows of its select, None where they are by place."""
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
        tallies = any(each.get("function_name") in _TALLIES for each in parts(part))
        return self._inside(part) | (counted or _NOTHING if tallies else _NOTHING)

    def _named(self, path: list[str]) -> Origins:
        column = path[-1].lower()
        if len(path) == 1 and column in self._rows:
            return self._everything
        return self._of.get(column, self._everything) | self._found(path[0].lower() if len(path) > 1 else None)

    def _found(self, row: str | None) -> Origins:
        """Return what decides whether an outer join finds a row of that name; of any where none is written."""
        return frozenset(
            origin
            for nullable_row, join, side in self._nullable
            if row in {None, nullable_row}
            for origin in self._masked_in({**join, "left": None, "right": None}) | self._decided(side)
        )

    def _masked_in(self, part: Any) -> Origins:
        """Return the masked elements that are named there, without asking again which rows they are of."""
        known = (self._of.get(path[-1].lower(), self._everything) for path in references(part))
        return frozenset((column, False) for origins in known for column, _ in origins if column in self._masked)

    def _all(self, each_of: Iterable[Any], counted: Origins | None) -> Origins:
        return frozenset(origin for each in each_of if each for origin in self._origins(each, counted))

    def _inside(self, part: Any) -> Origins:
        """Return the origins of whatever is named inside: no longer as it is; and what decides a subquery's rows."""
        return self._referred(part) | self._decided(part)

    def _referred(self, part: Any) -> Origins:
        found = map(self._named, references(part))
        return frozenset((column, False) for origins in found for column, _ in origins)


def _bare(node: Mapping[str, Any]) -> list[str]:
    """Return for each column of a half of a union its bare name, nothing where it is none."""
    if node["type"] == "SELECT_NODE":
        return [bare(each) for each in node["select_list"]]
    if node["type"] == "SET_OPERATION_NODE":
        pairs = zip(_bare(node["left"]), _bare(node["right"]), strict=False)
        return [one if one == other else "" for one, other in pairs]
    return _bare(node["child"]) if "child" in node else []
