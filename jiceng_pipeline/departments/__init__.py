"""One contract per department system: where it is, how it is read, which column is which element."""
