"""Doors of data assets and of evidence packs."""
