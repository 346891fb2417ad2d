"""One file a store: what a department writes down, in what kind of store, and how it is reached."""
