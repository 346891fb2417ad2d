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
