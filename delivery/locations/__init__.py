"""Locations outside: tables that lie where their owner keeps them, and are read there."""
