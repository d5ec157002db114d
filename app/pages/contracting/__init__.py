"""Contracts on paper: what is signed, as both parties read, sign, print and keep it."""
