"""The doors of the delivery room's nouns."""
