"""The doors of the marketplace room's nouns."""
