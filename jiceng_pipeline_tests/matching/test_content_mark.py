"""The mark of a record says something of all that matching reads of it, or a change would go unseen."""

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue
from jiceng_pipeline.landing import records
from jiceng_pipeline.matching import features
from jiceng_pipeline.matching.model import matchings


def made_of(column, sql, schema):
    """Return the columns of other tables that a column is made of."""
    every = lineage(column, sql, schema, dialect="duckdb").walk()
    return {
        (node.source.find(exp.Table).name, node.name.rsplit(".", 1)[-1].strip('"'))
        for node in every
        if not node.downstream
    }


@pytest.mark.parametrize("entity", sorted(matchings()))
def test_whatever_is_read_of_a_record_is_in_its_mark(entity):
    model = catalogue.tables(Settings.load())[matchings()[entity].records]
    reading = ("name", "written", "signs", "spoken", "name_key", "surname_key")
    schema = {
        "standard": {
            f"{entity}_record": dict.fromkeys(records.columns(entity), "varchar"),
            "name_reading": dict.fromkeys(reading, "varchar"),
        }
    }
    read = features.read(matchings()[entity]) & set(sqlglot.parse_one(model.sql, read="duckdb").named_selects)
    marked = made_of("content_mark", model.sql, schema)
    unmarked = {column: missing for column in read if (missing := made_of(column, model.sql, schema) - marked)}
    assert len(read) > 10 and not unmarked
