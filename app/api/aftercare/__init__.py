"""Doors of what comes after a delivery."""
