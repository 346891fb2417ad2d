"""The kinds of comparison: one file a kind, each with its LEVELS and the SQL that tells which one holds."""
