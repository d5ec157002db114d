"""The doors of the catalogue room's nouns."""
