"""Words every room uses: settings, errors, clock, documents, redaction, progress."""
