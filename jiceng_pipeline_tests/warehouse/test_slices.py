"""A table made slice by slice is the table sorted at once."""

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.warehouse import slices
from jiceng_pipeline.warehouse.connection import connect

ROWS = "select md5(cast(i as varchar)) as record_id, i from range(3000) as r(i) order by i"
FILLED = {"record_id", "i"}


@pytest.mark.parametrize("most", [10, 700, 10_000])
def test_every_row_is_there_once_and_in_order(tmp_path, most):
    with connect(settings=Settings(home=tmp_path)) as connection:
        slices.create_sorted(connection, "made", ROWS, 3000, FILLED, most)
        made = connection.execute("from made").fetchall()
        assert made == connection.execute(f"from ({ROWS}) order by record_id").fetchall()
