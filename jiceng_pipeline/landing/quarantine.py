"""What could not be taken as it came, with file, row, column and a reason; never the value itself.

But for a code that is new to us: whoever has to translate it must know it. It is told where several records
have it and it looks like a code: a few letters and digits. A word of Chinese characters might be a name.
"""

from collections.abc import Iterable

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import collected, force
from jiceng_pipeline.landing.standard_values import UPDATED
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element, instead_of

_REASONS = {
    "citizen_id": "不是有效的公民身份号码（位数、出生日期或校验位不对）",
    "credit_code": "不是有效的统一社会信用代码（位数、用字或校验位不对）",
    "division": "在区划表中找不到这个社区，或名称在本区不唯一",
    "code": "代码不在代码集中，合同里也没有对照",
    "date": "不是有效的日期",
    "timestamp": "不是有效的时间",
    "phone": "不是有效的电话号码",
    "integer": "不是整数，或大得放不下",
    "decimal": "不是数，或大得放不下",
    "degrees": "不是我国境内的经度或纬度（十进制度）",
    "boolean": "不是“是”或“否”",
}
_AHEAD = "不是有效的日期，或比送来的那天晚一年以上"
_NEW_CODE = 3  # records that have a code before it is told
_BY_EXCEL = "号码被表格软件变成了数值，末几位已经丢失"


def _reason(element: Element) -> str:
    otherwise = "不合规定的写法" if element.pattern else f"超过 {element.max_length} 个字"
    plain = literal(_AHEAD if element.id == UPDATED else _REASONS.get(element.type, otherwise))
    if element.pattern or element.type in {"citizen_id", "credit_code", "phone"}:
        in_scientific_notation = f"regexp_matches({element.id}_raw, '[0-9][eE][+]?[0-9]')"
        return f"case when {in_scientific_notation} then {literal(_BY_EXCEL)} else {plain} end"
    if element.type == "code":
        raw = f"{element.id}_raw"
        is_told = (
            f"count(*) over (partition by {raw}) >= {_NEW_CODE}"
            f" and regexp_full_match(std_text({raw}), '[0-9A-Za-z]{{1,4}}')"
        )
        told = f"'代码“' || std_text({raw}) || '”不在代码集中，合同里也没有对照'"
        return f"case when {is_told} then {told} else {plain} end"
    return plain


def select(contracts: Iterable[Contract], settings: Settings) -> str:
    """Return the select of `standard.quarantine`: unreadable rows, and cells whose text has no standard value.

    The rows are those that came since the last full delivery, that one included: an unreadable row has no
    key by which a later increment could take it back.
    """
    parts: list[str] = []
    for contract in contracts:
        if contract.is_collected:
            parts.append(collected.quarantine_select(contract))
            continue
        parts.extend(
            f"""select {literal(contract.name)} as system, 'row' as level, null::varchar as record_id,
            _file as source_file, _row as source_row, null::varchar as source_column,
            null::varchar as element_id, reason from read_parquet({literal(str(taken.rejects))})"""
            for taken in force.current(settings, contract)
        )
        parts.extend(
            f"""select system, 'cell' as level, record_id, source_file, source_row,
            {literal(column)} as source_column, {literal(element.id)} as element_id, {_reason(element)} as reason
            from standard.{contract.table}
            where is_current and {element.id} is null and std_text({element.id}_raw) is not null
            {" ".join(f"and {other.id} is null" for other in instead_of(element.id))}"""
            for column, element in contract.elements.items()
        )
    return " union all ".join(parts) + " order by all"


def conservation_select(contracts: Iterable[Contract], settings: Settings) -> str:
    """Return the select of `standard.conservation`: per system, rows in = accepted + quarantined.

    `rows_in` is what the pulls counted: of a full delivery its rows, of increments upon one the records in
    force after the last and the rows that could not be read on the way. The others are counted here.
    """
    parts = []
    for contract in contracts:
        if contract.is_collected:
            parts.append(collected.conservation_select(contract))
            continue
        links = force.current(settings, contract)
        rows_in = force.records(links) + force.rejected(links)
        parts.append(
            f"""select {literal(contract.name)} as system, {rows_in}::bigint as rows_in,
            (select count(*) from standard.{contract.table} where is_current) as rows_accepted,
            (select count(*) from standard.quarantine
                where level = 'row' and system = {literal(contract.name)}) as rows_quarantined,
            (select count(*) from standard.quarantine
                where level = 'cell' and system = {literal(contract.name)}) as cells_quarantined"""
        )
    return " union all ".join(parts) + " order by system"
