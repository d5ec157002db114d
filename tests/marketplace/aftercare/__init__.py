"""Promises of what comes after a delivery."""
