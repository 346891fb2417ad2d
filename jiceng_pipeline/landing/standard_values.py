"""From landed text to standard values: SQL generated from a contract, so that a new system is one YAML.

A value that cannot be read becomes null and a quarantine entry; its text stays beside it in `<element>_raw`, as does
every other that is not written as the standard writes it. A row is never dropped for one bad cell.
"""

from collections.abc import Sequence

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.functions import trimmed
from jiceng_pipeline.standard.macro import let, literal
from jiceng_pipeline.standard.register import Element, instead_of
from jiceng_pipeline.warehouse.connection import identifier

UPDATED = "record_updated_date"
# A record that says it was changed so long after it was sent is mistyped, and would pass for the newest until that day.
# Less is left to a clock or a calendar that is not ours.
_MOST_AHEAD_DAYS = 366
FUNCTIONS = {
    "name": "std_name",
    "organisation_name": "std_organisation_name",
    "address": "std_address",
    "phone": "std_phone",
    "citizen_id": "std_citizen_id",
    "other_document": "std_other_document",
    "credit_code": "std_credit_code",
    "date": "std_date",
    "integer": "std_integer",
    "decimal": "std_decimal",
    "degrees": "std_degrees",
    "boolean": "std_boolean",
    "timestamp": "std_timestamp",
}


def value(contract: Contract, column: str, element: Element) -> str:
    """Return the SQL for the standard value of one source column, null where the text has none."""
    text = identifier(column)
    if element.type == "division":
        # looked up beside, see system_select
        return f"{identifier('_code_of_' + column)}._code"
    if element.type == "code":
        return _code(contract, column, element, text)
    if function := FUNCTIONS.get(element.type):
        factor = contract.multiply.get(column)
        # 5000元 in a column of ten thousand yuan is not what the contract says of the column
        sql = f"{function}(case when not contains({text}, '元') then {text} end)" if factor else f"{function}({text})"
        if factor:
            # in a wider type first: one cell that is too large for its own is null, and stops nobody
            wide = "hugeint" if element.type == "integer" else "decimal(28, 2)"
            sql = f"try_cast(cast({sql} as {wide}) * {factor} as {element.sql_type})"
        return sql
    fits = [f"length(v) <= {element.max_length}"] if element.max_length else []
    if element.pattern:
        fits.append(f"regexp_full_match(v, {literal(element.pattern)})")
    if not fits:
        return f"std_text({text})"
    return let(f"std_text({text})", "v").then(f"case when {' and '.join(fits)} then v end")


def _code(contract: Contract, column: str, element: Element, text: str) -> str:
    """A local code counts only as the contract translates it; without a translation, the standard's own.

    A contract names codes as the department writes them, so its words are cleaned like the cells, and 无 is a code.
    """
    assert element.code_set is not None
    local = contract.codes.get(column)
    if local is None:
        known = ", ".join(literal(code) for code in code_sets()[element.code_set])
        return let(f"std_text({text})", "v").then(f"case when v in ({known}) then v end")
    cases = " ".join(f"when {literal(trimmed(ours))} then {literal(standard)}" for ours, standard in local.items())
    return let(f"coalesce(std_text({text}), trimmed({text}))", "v").then(f"case v {cases} end")


def system_select(contract: Contract, landed_rows: str, more: Sequence[str] = ()) -> str:
    """Return the select that makes `standard.<department>__<system>` of the select of its landed rows, as they come.

    With the columns `more` of the landed rows as they are.
    """
    values, joins, raw = list(more), [], []
    for column, element in contract.elements.items():
        said = value(contract, column, element)
        if element.id == UPDATED:
            said = let(said, "v").then(f"case when v <= landed_date + {_MOST_AHEAD_DAYS} then v end")
        values.append(f"{said} as {element.id}")
        values.append(f"{identifier(column)} as {element.id}_raw")
        # most are written so already: to keep each of these twice took a tenth of the time of making them
        raw.append(f"nullif({element.id}_raw, cast({element.id} as varchar)) as {element.id}_raw")
        values.extend(
            f"{value(contract, column, other)} as {other.id}"
            for other in instead_of(element.id)
            if other.id not in contract.columns.values()
        )
        if element.type == "division":
            alias = identifier("_code_of_" + column)
            # under other names: a system may have a column `code` of its own
            joins.append(
                f"""left join (
                    select alias as _alias, county_code as _county_code, code as _code from standard.division_alias
                ) as {alias} on {alias}._alias = _squeezed({identifier(column)})
                and {alias}._county_code in ('', {literal(contract.jurisdiction)})"""
            )
    return f"""select * replace ({", ".join(raw)}) from (
            select record_id, row_hash, {literal(contract.name)} as system, source_file, source_row,
                first_landed, landed, landed_date, is_current, {", ".join(values)}
            from ({landed_rows}) as landed_row {" ".join(joins)})"""
