"""一表通 (forms): a department's form goes out prefilled with what is known; only what nobody knows is typed, once."""
