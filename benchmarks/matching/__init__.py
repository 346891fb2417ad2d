"""Reconciliation measured: the bound, this engine, Splink alone and Splink after our anchors, on the same records."""
