"""The doors of the settlement room's nouns."""
