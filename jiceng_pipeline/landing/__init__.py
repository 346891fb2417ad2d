"""Immutable snapshots of what departments sent, and their standardisation."""
