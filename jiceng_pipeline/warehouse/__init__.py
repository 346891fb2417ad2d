"""The only place that opens DuckDB: connections, SQL models, the private build, published versions."""
