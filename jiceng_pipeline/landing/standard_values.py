"""From landed text to standard values: SQL generated from a contract, so that a new system is one YAML.

A value that cannot be read becomes null and a quarantine entry; its text stays beside it in `<element>_raw`.
A row is never dropped for one bad cell.
"""

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element
from jiceng_pipeline.warehouse.connection import identifier

FUNCTIONS = {
    "name": "std_name",
    "organisation_name": "std_organisation_name",
    "address": "std_address",
    "phone": "std_phone",
    "citizen_id": "std_citizen_id",
    "credit_code": "std_credit_code",
    "date": "std_date",
    "integer": "std_integer",
    "decimal": "std_decimal",
    "boolean": "std_boolean",
    "timestamp": "std_timestamp",
}


def value(contract: Contract, column: str, element: Element) -> str:
    """Return the SQL for the standard value of one source column, null where the text has none."""
    text = identifier(column)
    if element.type == "division":
        # looked up beside, see system_select
        return f"{identifier('_code_of_' + column)}.code"
    if element.type == "code":
        return _code(contract, column, element, text)
    if function := FUNCTIONS.get(element.type):
        sql = f"{function}({text})"
        if factor := contract.multiply.get(column):
            sql = f"cast({sql} * {factor} as {element.sql_type})"
        return sql
    limit = f" and length(std_text({text})) <= {element.max_length}" if element.max_length else ""
    if element.pattern:
        limit += f" and regexp_full_match(std_text({text}), {literal(element.pattern)})"
    return f"case when std_text({text}) is not null{limit} then std_text({text}) end"


def _code(contract: Contract, column: str, element: Element, text: str) -> str:
    """A local code counts only as the contract translates it; without a translation, the standard's own."""
    assert element.code_set is not None
    local = contract.codes.get(column)
    if local is None:
        known = ", ".join(literal(code) for code in code_sets()[element.code_set])
        return f"case when std_text({text}) in ({known}) then std_text({text}) end"
    cases = " ".join(f"when {literal(ours)} then {literal(standard)}" for ours, standard in local.items())
    return f"case std_text({text}) {cases} end"


def landed_rows(contract: Contract, settings: Settings) -> str:
    """Return a select of the last state of every record ever landed, or of none.

    Adds first_landed, landed (stamps of the first and last snapshot that had it), landed_date and
    is_current (the newest snapshot has it). A record absent from a newer full snapshot has ended.
    """
    columns = ", ".join(identifier(name) for name in contract.source_columns)
    taken = snapshot.snapshots(settings, contract)
    if not taken:
        empty = ", ".join(f"null::varchar as {identifier(name)}" for name in contract.source_columns)
        return f"""select null::varchar as record_id, null::varchar as row_hash, null::varchar as source_file,
            null::bigint as source_row, null::varchar as first_landed, null::varchar as landed,
            null::date as landed_date, false as is_current, {empty} where false"""
    every = " union all by name ".join(
        f"select {literal(each.stamp)} as landed, * from read_parquet({literal(str(each.rows))})" for each in taken
    )
    newest = literal(taken[-1].stamp)
    if len(taken) == 1:
        return f"""select _record_id as record_id, _row_hash as row_hash, _file as source_file, _row as source_row,
            landed as first_landed, landed, {_shanghai_date("landed")} as landed_date, true as is_current, {columns}
            from ({every})"""
    return f"""select _record_id as record_id, _row_hash as row_hash, _file as source_file, _row as source_row,
        first_landed, landed, {_shanghai_date("landed")} as landed_date, landed = {newest} as is_current, {columns}
        from (select *, min(landed) over (partition by _record_id) as first_landed from ({every}))
        qualify row_number() over (partition by _record_id order by landed desc) = 1"""


def _shanghai_date(stamp: str) -> str:
    return f"cast(strptime(substr({stamp}, 1, 15), '%Y%m%dT%H%M%S') + interval 8 hour as date)"


def system_select(contract: Contract, settings: Settings) -> str:
    """Return the select that makes `standard.<department>__<system>`."""
    values, joins = [], []
    for column, element in contract.elements.items():
        values.append(f"{value(contract, column, element)} as {element.id}")
        values.append(f"{identifier(column)} as {element.id}_raw")
        if element.type == "division":
            alias = identifier("_code_of_" + column)
            joins.append(
                f"""left join standard.division_alias as {alias}
                on {alias}.alias = _squeezed({identifier(column)})
                and ({alias}.county_code = {literal(contract.jurisdiction)} or {alias}.alias = {alias}.code)"""
            )
    return f"""select record_id, row_hash, {literal(contract.name)} as system, source_file, source_row,
        first_landed, landed, landed_date, is_current, {", ".join(values)}
        from ({landed_rows(contract, settings)}) as landed_row {" ".join(joins)}
        order by record_id"""
