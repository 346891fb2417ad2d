"""Reading through a connector, as landing does."""

from jiceng_pipeline.connectors.base import FILE, ROW, Source, load, options_of

SYSTEM = "department/system"


def extract(kind, columns, options, address, renames=None):
    """Return the connector's extract, nothing read yet."""
    source = Source(SYSTEM, tuple(columns), renames or {}, address)
    return load(kind).read(source, options_of(kind, options))


def taken(kind, columns, options, address, renames=None):
    """Read it all; return the rows as (row number, values...) and the extract."""
    found = extract(kind, columns, options, address, renames)
    rows = []
    for batch in found.batches:
        batch.validate(full=True)
        assert batch.schema.names == [FILE, ROW, *columns]
        rows += [tuple(row[name] for name in (ROW, *columns)) for row in batch.to_pylist()]
    return rows, found
