"""Rows taken slice by slice are the rows sorted at once."""

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse.connection import connect
from jiceng_pipeline.warehouse.slices import slices

ROWS = "select md5(cast(i as varchar)) as record_id, i from range(3000) as r(i)"


@pytest.mark.parametrize("most", [10, 700, 10_000])
def test_every_row_is_there_once_and_in_order(tmp_path, most):
    with connect(settings=Settings(home=tmp_path)) as connection:
        ordered = f"from ({ROWS}) where {{}} order by record_id"
        found = [
            row for lies in slices("record_id", 3000, most) for row in connection.sql(ordered.format(lies)).fetchall()
        ]
        assert found == connection.execute(ordered.format("true")).fetchall()
