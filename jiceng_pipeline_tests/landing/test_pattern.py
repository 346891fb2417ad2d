"""Text that has a form of its own: what does not fit it has no standard value, and the quarantine says why."""

import pytest

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import quarantine, standard_values
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse.connection import connect

CONTRACT, COLUMN = contracts()["market_supervision/special_equipment"], "设备代码"


@pytest.mark.parametrize(
    ("raw", "value", "said"),
    [
        ("300032061234", "300032061234", None),
        (" 30003206132019011234 ", "30003206132019011234", None),
        ("3.000320613201901e+19", None, "被表格软件变成了数值"),
        ("3000-3206", None, "不合规定的写法"),
        ("", None, None),
    ],
)
def test_a_code_has_twelve_digits_or_twenty(raw, value, said):
    code = element("equipment_registration_code")
    with connect() as connection:
        connection.execute(f'create table t as select ? as "{COLUMN}", ? as {code.id}_raw', [raw, raw])
        found, reason = connection.execute(
            f"select {standard_values.value(CONTRACT, COLUMN, code)}, {quarantine._reason(code)} from t"
        ).fetchone()
    assert found == value
    assert said is None or said in reason
