"""One file per kind of store: each yields what the system holds as Arrow batches of text."""
