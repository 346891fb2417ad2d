"""SQL functions that only the engine needs, as temporary macros."""

import duckdb

from jiceng_pipeline.standard.macro import macro


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros for this connection."""
    for statement in statements():
        connection.execute(statement.replace("create or replace macro", "create or replace temp macro"))


def statements() -> tuple[str, ...]:
    """Return the statements that create them."""
    return (
        # ids are hexadecimal digits, keyed hashes all: the first sixteen tell any two apart
        macro("record_number", "i", "cast('0x' || substr(i, 1, 16) as ubigint)"),
        # stands for a value while tables are joined; nothing but the cache ever holds it
        macro("value_number", "v", "case when v is not null then hash(v) end"),
        # half as wide, for what is only equal or not within pairs and blocks: it makes nobody one
        macro("mark_number", "v", "case when v is not null then cast(hash(v) & 4294967295 as uinteger) end"),
        # of two texts in plain digits and letters, equally long: nothing that counts bytes may see a Han sign
        macro("differing_signs", "a, b", "hamming(a, b)"),
        macro("sorted_signs", "t", "list_sort(string_split(t, ''))"),
    )
