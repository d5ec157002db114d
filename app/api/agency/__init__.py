"""Doors of agents and their mandates."""
