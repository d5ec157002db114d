"""The doors of the licensing room's nouns."""
