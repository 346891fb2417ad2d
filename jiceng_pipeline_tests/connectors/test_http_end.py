"""Where an interface ends that does not say how many records it has."""

import pytest

from jiceng_pipeline.core.errors import SourceRejected
from jiceng_pipeline_tests.connectors.test_http_json import read, records


def capped(interface, number, size):
    return interface.records[(number - 1) * 3 : number * 3]


def last_for_any_beyond(interface, number, size):
    return capped(interface, min(number, -(-len(interface.records) // 3)), size)


def null_beyond(interface, number, size):
    return capped(interface, number, size) or None


def all_at_once(interface, number, size):
    return interface.records


@pytest.mark.parametrize(
    ("answer", "pages"),
    [(capped, [1, 2, 3, 4]), (last_for_any_beyond, [1, 2, 3, 4]), (null_beyond, [1, 2, 3, 4]), (all_at_once, [1, 2])],
)
@pytest.mark.parametrize("count", [7, 9])
def test_an_interface_that_tells_no_total_is_read_to_its_end(interface, answer, pages, count):
    interface.records = [*records(count - 1), "junk"]
    interface.page = lambda number, size: {"code": 0, "data": answer(interface, number, size)}
    rows, found = read(interface, total=None, page_size=1000)
    assert [row[1] for row in rows] == [f"A{i}" for i in range(count - 1)]
    assert [reject.row for reject in found.rejects] == [count]
    assert interface.asked == pages


def test_a_full_page_that_comes_again_is_no_end(interface):
    interface.records = records(2)
    interface.page = lambda number, size: {"code": 0, "data": interface.records}
    with pytest.raises(SourceRejected, match="完全相同"):
        read(interface, total=None)
