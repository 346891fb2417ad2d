"""One module a kind of database, chosen by the scheme of its URL: `SCHEMES` and `read`."""
