"""账本 (ledger): one append-only, hash-chained stream of typed events; `store.open_ledger` opens it."""
