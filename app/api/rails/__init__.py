"""Doors of the providers of payments: what they are told, and what they notified."""
