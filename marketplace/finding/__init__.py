"""What is looked for and found: the index of all that is public, its facets, saved searches."""
