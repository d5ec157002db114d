"""Encrypted packages: sealed to one buyer, marked for one order, closed for ever at the end."""
