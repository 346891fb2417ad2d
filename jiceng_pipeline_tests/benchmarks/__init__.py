"""The measurements: what they count, and that they run."""
