"""The kinds of events: one file a kind, with one `Body` named like the file (`ticket_answer` → `TicketAnswer`)."""
