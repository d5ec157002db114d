"""Promises of agents and their mandates."""
