import pytest

from jiceng_pipeline.connectors import sql
from jiceng_pipeline.core.errors import SourceUnreachable
from jiceng_pipeline_tests.connectors.reading import extract


def test_the_databases_are_found_by_looking():
    assert set(sql.schemes()) >= {"postgresql", "postgres", "mysql", "mariadb", "sqlite"}


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"url": "oracle://someone:canary@host/db"}, "不是认识的数据库地址"),
        ({"url": "canary"}, "不是认识的数据库地址"),
        ({}, "没有 url"),
        ({"file": ""}, "没有 file"),
    ],
)
def test_an_address_that_is_none(address, words):
    with pytest.raises(SourceUnreachable, match=words) as caught:
        extract("sql", ["id"], {"table": "t"}, address)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("password", ["canary#1", "cana/ry", "can ary%zz", "can@ary", "[canary", "x@canary/y"])
@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_a_password_whose_signs_mean_something_in_an_address(scheme, password):
    """Whoever typed it has to hear how such signs are written, and nobody what it is."""
    address = {"url": f"{scheme}://someone:{password}@127.0.0.1:9/db"}
    with pytest.raises(SourceUnreachable) as caught:
        list(extract("sql", ["id"], {"table": "t"}, address).batches)
    assert "%40" in caught.value.cure
    assert "ary" not in str(caught.value)
