"""Pages, one topic a file, found by scanning: each has `paths`."""
