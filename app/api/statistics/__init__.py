"""Doors of statistics: what other exchanges publish."""
