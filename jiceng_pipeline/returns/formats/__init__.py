"""File formats of a package: one file a format, with `write(cut, path) -> rows`, found by scanning."""
