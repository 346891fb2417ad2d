"""What could not be taken as it came, with file, row, column and a reason; never the value itself."""

from collections.abc import Iterable

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.landing import snapshot
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.standard.register import Element

_REASONS = {
    "citizen_id": "不是有效的公民身份号码（位数、出生日期或校验位不对）",
    "credit_code": "不是有效的统一社会信用代码（位数、用字或校验位不对）",
    "division": "在区划表中找不到这个社区，或名称在本区不唯一",
    "code": "代码不在代码集中，合同里也没有对照",
    "date": "不是有效的日期",
    "timestamp": "不是有效的时间",
    "phone": "不是有效的电话号码",
    "integer": "不是整数",
    "decimal": "不是数",
    "boolean": "不是“是”或“否”",
}
_BY_EXCEL = "号码被表格软件变成了数值，末几位已经丢失"


def _reason(element: Element) -> str:
    otherwise = "不合规定的写法" if element.pattern else f"超过 {element.max_length} 个字"
    plain = literal(_REASONS.get(element.type, otherwise))
    if element.pattern or element.type in {"citizen_id", "credit_code", "phone"}:
        in_scientific_notation = f"regexp_matches({element.id}_raw, '[0-9][eE][+]?[0-9]')"
        return f"case when {in_scientific_notation} then {literal(_BY_EXCEL)} else {plain} end"
    return plain


def select(contracts: Iterable[Contract], settings: Settings) -> str:
    """Return the select of `standard.quarantine`: unreadable rows, and cells whose text has no standard value."""
    parts = []
    for contract in contracts:
        taken = snapshot.in_force(settings, contract)
        if taken is not None:
            parts.append(
                f"""select {literal(contract.name)} as system, 'row' as level, null::varchar as record_id,
                _file as source_file, _row as source_row, null::varchar as source_column,
                null::varchar as element_id, reason from read_parquet({literal(str(taken.rejects))})"""
            )
        parts.extend(
            f"""select system, 'cell' as level, record_id, source_file, source_row,
            {literal(column)} as source_column, {literal(element.id)} as element_id, {_reason(element)} as reason
            from standard.{contract.table}
            where is_current and {element.id} is null and std_text({element.id}_raw) is not null"""
            for column, element in contract.elements.items()
        )
    return " union all ".join(parts) + " order by all"


def conservation_select(contracts: Iterable[Contract], settings: Settings) -> str:
    """Return the select of `standard.conservation`: per system, rows in = accepted + quarantined."""
    parts = []
    for contract in contracts:
        taken = snapshot.in_force(settings, contract)
        rows_in = taken.meta["rows_in"] if taken else 0
        parts.append(
            f"""select {literal(contract.name)} as system, {rows_in}::bigint as rows_in,
            (select count(*) from standard.{contract.table} where is_current) as rows_accepted,
            (select count(*) from standard.quarantine
                where level = 'row' and system = {literal(contract.name)}) as rows_quarantined,
            (select count(*) from standard.quarantine
                where level = 'cell' and system = {literal(contract.name)}) as cells_quarantined"""
        )
    return " union all ".join(parts) + " order by system"
